//! Why a port cannot be had, in one line that names what is needed.

use graph::ScenarioError;
use rustix::io::Errno;
use std::fmt;

/// A device that could not be opened, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortError {
    /// The interface or file.
    pub device: String,
    /// What is wrong with it and what would help.
    pub reason: String,
    /// The system's number for it (errno).
    pub errno: i32,
}

impl PortError {
    pub(crate) fn new(device: &str, errno: Errno, reason: impl Into<String>) -> Self {
        PortError { device: device.to_owned(), reason: reason.into(), errno: errno.raw_os_error() }
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.device, self.reason)
    }
}

impl std::error::Error for PortError {}

/// Why a port was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// A setting it cannot have.
    Setting(ScenarioError),
    /// The system refuses.
    System(PortError),
}

impl From<ScenarioError> for OpenError {
    fn from(error: ScenarioError) -> Self {
        OpenError::Setting(error)
    }
}

impl From<PortError> for OpenError {
    fn from(error: PortError) -> Self {
        OpenError::System(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Setting(error) => error.fmt(f),
            OpenError::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}
