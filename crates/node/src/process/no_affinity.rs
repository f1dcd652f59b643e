use crate::api::{ApiError, error};

/// Gives the processors that this process may use: unknown here.
pub(crate) fn allowed() -> Result<Vec<usize>, ApiError> {
    Err(unavailable())
}

/// Gives the processors that this process runs on: unknown here.
pub(crate) fn current() -> Result<Vec<usize>, ApiError> {
    Err(unavailable())
}

/// Sets the processors that this process runs on: cannot be done here.
pub(crate) fn set_affinity(_cpus: &[usize], _relative: bool) -> Result<Vec<usize>, ApiError> {
    Err(unavailable())
}

fn unavailable() -> ApiError {
    let text = "this system does not tie processes to processors";
    ApiError::new(error::FEATURE_UNAVAILABLE, text)
}
