use std::sync::OnceLock;

/// A file of data that a task reads. With the package's feature `shipped-data` it is part of the program; without it, whoever
/// trains provides it first: a page loads it once it is needed.
pub struct DataFile {
    /// Its name beside the page.
    pub name: &'static str,
    len: usize,
    shipped: Option<&'static [u8]>,
    provided: OnceLock<Vec<u8>>,
}

/// A file that is not what the program knows by its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} has {found} bytes instead of {expected}")]
pub struct DataFileError {
    name: &'static str,
    found: usize,
    expected: usize,
}

impl DataFile {
    pub(super) const fn new(name: &'static str, len: usize, shipped: Option<&'static [u8]>) -> Self {
        Self { name, len, shipped, provided: OnceLock::new() }
    }

    /// Its bytes, where they are there.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.shipped.or_else(|| self.provided.get().map(Vec::as_slice))
    }

    /// Provides its bytes.
    ///
    /// # Errors
    ///
    /// If they are not as many as they should be.
    pub fn provide(&self, bytes: Vec<u8>) -> Result<(), DataFileError> {
        if bytes.len() != self.len {
            return Err(DataFileError { name: self.name, found: bytes.len(), expected: self.len });
        }
        // Where two provide it, the first is as good.
        let _ = self.provided.set(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_provided_whole_or_not_at_all() {
        let file = DataFile::new("some.bin", 3, None);
        assert_eq!(file.bytes(), None);
        let error = file.provide(vec![1]).unwrap_err().to_string();
        assert_eq!(error, "some.bin has 1 bytes instead of 3");
        file.provide(vec![1, 2, 3]).unwrap();
        assert_eq!(file.bytes(), Some(&[1, 2, 3][..]));
        file.provide(vec![4, 5, 6]).unwrap();
        assert_eq!(file.bytes(), Some(&[1, 2, 3][..]), "the first stays");
    }
}
