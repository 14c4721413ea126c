//! The rules that Brink ships with: one `.rule` file and one line here for each.

/// A rule that Brink ships with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// Short name, as used in experiments and on the command line.
    pub id: &'static str,
    /// Text of the rule, which [`super::Rule::parse`] accepts.
    pub text: &'static str,
}

macro_rules! rules {
    ($($id:literal)*) => {
        &[$(Builtin { id: $id, text: include_str!(concat!("rules/", $id, ".rule")) }),*]
    };
}

static BUILTIN: &[Builtin] = rules! {
    "sgd"
    "momentum"
    "nesterov"
    "rmsprop"
    "adam"
    "nadam"
    "adagrad"
    "sgdw"
    "adamw"
    "lion"
};

/// All rules that Brink ships with: the Deep Learning Tuning Playbook's six, in exactly its form, then the others.
pub fn builtin() -> &'static [Builtin] {
    BUILTIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    #[test]
    fn every_builtin_rule_parses_and_prints_back() {
        for builtin in builtin() {
            let rule = Rule::parse(builtin.text).unwrap_or_else(|error| panic!("{}: {error}", builtin.id));
            assert_eq!(Rule::parse(&rule.text()).as_ref(), Ok(&rule), "{}", builtin.id);
            assert!(!rule.source.is_empty(), "{} names no source", builtin.id);
        }
    }
}
