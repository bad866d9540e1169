//! The files a script refers to: only below the folder of the first one, and read by the caller.

/// Gives the text of files below the folder of the script that is read.
///
/// Paths come normalised: with `/`, without `.` and `..`, relative to that folder, in the spelling of the script. Scripts
/// are often written where small and capital letters in names are the same: try other spellings if a file is not there.
pub trait Folder {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read, as an ending of "the file x cannot be read: ".
    fn read(&self, path: &str) -> Result<String, String>;
}

impl<F: Fn(&str) -> Result<String, String>> Folder for F {
    fn read(&self, path: &str) -> Result<String, String> {
        self(path)
    }
}

/// No further files.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFolder;

impl Folder for NoFolder {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("there is no folder to read it from".to_owned())
    }
}

/// The path `given`, seen from the folder `here`, as its parts below the first folder.
pub(super) fn resolve(here: &[String], given: &str) -> Result<Vec<String>, String> {
    let given = given.trim().replace('\\', "/");
    let bytes = given.as_bytes();
    if given.is_empty() {
        return Err("the name of a file is missing".to_owned());
    }
    if given.starts_with('/') || given.starts_with('~') || bytes.get(1) == Some(&b':') || given.contains('\0') {
        return Err(format!("the path '{given}' is absolute; expected one below the folder of the first file"));
    }
    let mut out = here.to_vec();
    for part in given.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if out.pop().is_none() {
                    return Err(format!("the path '{given}' leaves the folder of the first file"));
                }
            }
            part => out.push(part.to_owned()),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_first_folder() {
        let here = ["a".to_owned()];
        assert_eq!(resolve(&here, "..\\b\\./c.dss").map(|p| p.join("/")), Ok("b/c.dss".to_owned()));
        assert_eq!(resolve(&here, "x.dss").map(|p| p.join("/")), Ok("a/x.dss".to_owned()));
        for bad in ["../../x", "/etc/x", "C:\\x", "..\\..\\x", "", "\\\\server\\x", "~/x"] {
            assert!(resolve(&here, bad).is_err(), "{bad}");
        }
    }
}
