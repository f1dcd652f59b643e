use crossbar_config::{Fault, Faults, Node, Notice, Problem};
use crossbar_net::{TlsFault, TlsWarning, check_tls};

/// Looks at the files that a configuration names and that its transports cannot do without: keys and certificates. Gives what should
/// be looked at.
///
/// # Errors
/// Says what is wrong with which file.
pub fn check_files(node: &Node) -> Result<Vec<Notice>, Faults> {
    let (mut notices, mut faults) = (Vec::new(), Vec::new());
    for (place, tls) in node.listening_tls() {
        match check_tls(tls) {
            Ok(warnings) => notices.extend(warnings.iter().map(|it| notice(&place, it))),
            Err(found) => faults.push(fault(&place, &found)),
        }
    }
    match Faults::of(faults) {
        Some(faults) => Err(faults),
        None => Ok(notices),
    }
}

fn notice(place: &str, warning: &TlsWarning) -> Notice {
    Notice {
        path: format!("{place}.{}", warning.at),
        text: warning.what.to_string(),
    }
}

fn fault(place: &str, fault: &TlsFault) -> Fault {
    Fault {
        path: format!("{place}.{}", fault.at),
        problem: Problem::File(fault.problem.to_string()),
        value: None,
        hint: None,
    }
}
