//! A node with every method of authentication, and the issuer of the tokens that it takes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::node::{Node, Ports};
use crate::project::{Project, succeed};
use crate::setup::Tools;

/// Both, running.
pub(super) struct Methods {
    issuer: Node,
    node: Node,
    /// The file that tells the scripts where all is, and who may log in.
    pub(super) places: PathBuf,
    /// The certificate of the authority that has issued the node's.
    pub(super) authority: PathBuf,
}

impl Methods {
    /// Writes the node directory, with fresh keys and certificates, and starts.
    pub(super) fn start(
        project: &Project,
        tools: &Tools,
        program: &Path,
        name: &str,
    ) -> Result<Self, Failure> {
        let folder = project.fresh(name)?;
        let mut issuer = Command::new(&tools.issuer);
        issuer.arg(project.tests("issuer/issuer.py")).arg(&folder);
        let issuer = Node::spawn(issuer, folder.join("issuer.log"), "issuing tokens")?;
        let mut write = Command::new(&tools.python);
        succeed(write.arg(project.tests("node/methods.py")).arg(&folder))?;
        Ok(Self {
            issuer,
            node: Node::start(program, &folder, &Ports::pick()?)?,
            places: folder.join("places.json"),
            authority: folder.join(".crossbar/ca.crt"),
        })
    }

    pub(super) fn stop(self) -> Result<(), Failure> {
        self.node.stop()?;
        self.issuer.stop().map(drop)
    }
}
