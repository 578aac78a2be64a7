//! The command line.

use std::path::PathBuf;

use crate::rounds::Effort;

/// What was asked for.
pub(crate) struct Arguments {
    /// Rounds, samples and their length.
    pub(crate) effort: Effort,
    /// Where the JSON document goes.
    pub(crate) json: Option<PathBuf>,
    only: Option<String>,
}

impl Arguments {
    /// Errors: an option that does not exist or a value that does not fit, by name.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let effort = Effort { rounds: 9, samples: 5, sample_ns: 20e6 };
        let mut arguments = Arguments { effort, json: None, only: None };
        while let Some(option) = words.next() {
            let mut value = || words.next().ok_or(format!("{option} needs a value"));
            match option.as_str() {
                "--rounds" => arguments.effort.rounds = count(&option, &value()?)?,
                "--samples" => arguments.effort.samples = count(&option, &value()?)?,
                "--sample-ms" => arguments.effort.sample_ns = f64::from(count(&option, &value()?)?) * 1e6,
                "--only" => arguments.only = Some(value()?),
                "--json" => arguments.json = Some(PathBuf::from(value()?)),
                _ => {
                    return Err(format!(
                        "{option}: not one of --rounds, --samples, --sample-ms, --only, --json"
                    ));
                }
            }
        }
        Ok(arguments)
    }

    /// Whether a job is to run: all, or those whose name contains the text of `--only`.
    pub(crate) fn wants(&self, job: &str) -> bool {
        self.only.as_ref().is_none_or(|text| job.contains(text.as_str()))
    }
}

fn count(option: &str, value: &str) -> Result<u32, String> {
    match value.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(format!("{option} {value}: not a number above 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn options_are_read() {
        let arguments =
            parse(&["--rounds", "5", "--sample-ms", "3", "--only", "ring", "--json", "x"]).unwrap();
        assert_eq!((arguments.effort.rounds, arguments.effort.sample_ns), (5, 3e6));
        assert!(arguments.wants("ring/cross/32") && !arguments.wants("nic/path"));
    }

    #[test]
    fn bad_input_is_named() {
        for (words, part) in
            [(vec!["--rounds", "0"], "--rounds 0"), (vec!["--x"], "--x"), (vec!["--json"], "--json")]
        {
            assert!(parse(&words).err().unwrap().contains(part));
        }
    }
}
