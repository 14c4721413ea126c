//! The query of the page's address, `?key=value&key=value`: how the page looks, which of its parts are shown, what may be
//! changed, and whether it is embedded in another page. `docs/embedding.md` describes it.
//!
//! Addresses come from strangers and carry keys of others' making: a key that is none of [`KEYS`] is left alone, a value that
//! its key does not allow is a [`Problem`], and the rest of the query counts all the same.

use brink_engine::experiment::definitions;
use brink_engine::metaparameter::Metaparameter;
use brink_engine::network::models::Model;
use brink_engine::task::TASKS;

use super::fragment::{Problem, decode};
use super::metaparameter::{Group, is_in_row, presentation};
use super::text::{Language, Texts};
use super::theme::Theme;

/// The keys that a query may have, besides those of others.
pub const KEYS: [&str; 7] = ["lang", "theme", "embed", "show", "hide", "lock", "run"];
/// The longest query that is read, in bytes.
pub const MOST_BYTES: usize = 2048;

/// A panel of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The row of switches above the plots.
    Switches,
    /// The drawer with task, model and budget.
    Setup,
    /// What to look at and what to try, and what happened.
    Guide,
    /// Loss against step.
    Loss,
    /// Final loss against learning rate.
    Axis,
    /// The equations.
    Equations,
    /// Learning rate against step.
    Rate,
    /// Gradient norm against step.
    Norm,
    /// A figure of the chapter, with its claim.
    Figure,
}

impl Panel {
    /// All panels, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Switches,
        Self::Setup,
        Self::Guide,
        Self::Loss,
        Self::Axis,
        Self::Equations,
        Self::Rate,
        Self::Norm,
        Self::Figure,
    ];
    /// What an embedded board shows where the address names nothing.
    pub const EMBEDDED: [Self; 3] = [Self::Switches, Self::Loss, Self::Equations];

    /// The panel's name in an address.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Switches => "switches",
            Self::Setup => "setup",
            Self::Guide => "guide",
            Self::Loss => "loss",
            Self::Axis => "axis",
            Self::Equations => "equations",
            Self::Rate => "rate",
            Self::Norm => "norm",
            Self::Figure => "figure",
        }
    }

    /// What the panel is called.
    pub fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::Switches => texts.switches,
            Self::Setup => texts.setup,
            Self::Guide => texts.guide,
            Self::Loss => texts.loss_plot,
            Self::Axis => texts.axis_plot,
            Self::Equations => texts.equations_panel,
            Self::Rate => texts.rate_plot,
            Self::Norm => texts.norm_plot,
            Self::Figure => texts.figure_panel,
        }
    }

    /// Whether a metaparameter is changed in this panel and nowhere else.
    fn holds(self, id: Metaparameter) -> bool {
        let is_shown = presentation(id).group != Group::None;
        match self {
            Self::Switches => is_shown && is_in_row(id),
            Self::Setup => is_shown && !is_in_row(id),
            Self::Equations => id == Metaparameter::RuleText,
            Self::Guide | Self::Loss | Self::Axis | Self::Rate | Self::Norm | Self::Figure => false,
        }
    }
}

/// When an embedded board begins to train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// Once it is clicked.
    Click,
    /// Once it comes into sight.
    #[default]
    Visible,
    /// At once, in sight or not.
    Load,
}

impl Begin {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Visible, Self::Click, Self::Load];

    /// Its name in an address.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Visible => "visible",
            Self::Load => "load",
        }
    }

    /// What it is called.
    pub fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::Click => texts.begin_click,
            Self::Visible => texts.begin_visible,
            Self::Load => texts.begin_load,
        }
    }
}

/// What the query asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// `lang=en` or `lang=id`.
    pub language: Option<Language>,
    /// `theme=system`, `light`, `dark` or `projector`.
    pub theme: Option<Theme>,
    /// `embed`: without header, guide and footer.
    pub is_embedded: bool,
    /// `show=loss,axis`: the panels of an embedded board.
    show: Option<Vec<Panel>>,
    /// `hide=` of panels.
    hidden: Vec<Panel>,
    /// `hide=` of groups of controls and of single fields.
    hidden_fields: Vec<Metaparameter>,
    /// `lock=` of groups of controls, of single fields, and of what is in a panel.
    locked_fields: Vec<Metaparameter>,
    /// `hide` and `lock` as they were written, for links.
    written: Vec<(&'static str, String)>,
    /// `run=click`, `visible` or `load`.
    pub begin: Begin,
    /// The first thing that is wrong.
    pub problem: Option<Problem>,
}

/// Every metaparameter that some task or model has, once.
fn metaparameters() -> Vec<Metaparameter> {
    let mut all = Vec::new();
    for (task, kind) in TASKS.iter().flat_map(|task| Model::KINDS.iter().map(|kind| (task.id, kind))) {
        for definition in definitions(task, kind) {
            if !all.contains(&definition.id) {
                all.push(definition.id);
            }
        }
    }
    all
}

/// The metaparameters that a name in an address means: those of a group of controls, or of a single field.
fn fields(name: &str) -> Vec<Metaparameter> {
    let group = Group::ALL.into_iter().find(|group| group.tag() == name);
    let is_meant = |id: &Metaparameter| {
        let shown = presentation(*id);
        match group {
            Some(group) => shown.group == group,
            None => shown.group != Group::None && shown.id == name,
        }
    };
    metaparameters().into_iter().filter(is_meant).collect()
}

/// The names that `hide` and `lock` take, in words: too many fields to list them all.
fn allowed() -> String {
    let panels = Panel::ALL.into_iter().map(Panel::tag);
    let groups = Group::ALL.into_iter().map(Group::tag);
    panels.chain(groups).collect::<Vec<_>>().join(", ") + ", or the id of a field (docs/embedding.md)"
}

fn tags<const N: usize>(all: [&'static str; N]) -> String {
    all.join(", ")
}

impl Query {
    /// Reads a query, with or without its `?`.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let text = text.strip_prefix('?').unwrap_or(text);
        if text.len() > MOST_BYTES {
            query.problem = Some(Problem::TooLong(text.len()));
            return query;
        }
        for part in text.split('&').filter(|part| !part.is_empty()) {
            if let Err(problem) = query.part(part) {
                query.problem.get_or_insert(problem);
            }
        }
        query
    }

    fn part(&mut self, part: &str) -> Result<(), Problem> {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let Some(key) = KEYS.into_iter().find(|key| *key == name) else { return Ok(()) };
        let value = decode(value).ok_or_else(|| Problem::Encoding(key.to_owned()))?;
        let wrong = |value: &str, allowed: String| Problem::Value { key, value: value.to_owned(), allowed };
        let names = || value.split(',').map(str::trim).filter(|name| !name.is_empty());
        match key {
            "lang" => {
                let found = Language::from_tag(&value);
                self.language = Some(found.ok_or_else(|| wrong(&value, tags(Language::ALL.map(Language::tag))))?);
            }
            "theme" => {
                let found = Theme::from_tag(&value);
                self.theme = Some(found.ok_or_else(|| wrong(&value, tags(Theme::ALL.map(Theme::tag))))?);
            }
            "embed" if matches!(value.as_str(), "" | "1" | "true") => self.is_embedded = true,
            "embed" => return Err(wrong(&value, "embed".to_owned())),
            "run" => {
                let found = Begin::ALL.into_iter().find(|one| one.tag() == value);
                self.begin = found.ok_or_else(|| wrong(&value, tags(Begin::ALL.map(Begin::tag))))?;
            }
            "show" => {
                let find = |name: &str| Panel::ALL.into_iter().find(|panel| panel.tag() == name);
                self.show = Some(names().filter_map(find).collect());
                if let Some(unknown) = names().find(|name| find(name).is_none()) {
                    return Err(wrong(unknown, tags(Panel::ALL.map(Panel::tag))));
                }
            }
            _ => {
                for name in names() {
                    let panel = Panel::ALL.into_iter().find(|panel| panel.tag() == name);
                    let mut meant = match panel {
                        Some(panel) => metaparameters().into_iter().filter(|id| panel.holds(*id)).collect(),
                        None => fields(name),
                    };
                    // A rule of one's own is another optimizer.
                    if meant.contains(&Metaparameter::Rule) {
                        meant.push(Metaparameter::RuleText);
                    }
                    if panel.is_none() && meant.is_empty() {
                        return Err(wrong(name, allowed()));
                    }
                    if key == "hide" {
                        self.hidden.extend(panel);
                        self.hidden_fields.extend(&meant);
                    }
                    // What is hidden cannot be changed either.
                    self.locked_fields.extend(meant);
                }
                self.written.push((key, value));
            }
        }
        Ok(())
    }

    /// Whether a panel is shown.
    pub fn shows(&self, panel: Panel) -> bool {
        let asked = match (&self.show, self.is_embedded) {
            (Some(show), true) => show.contains(&panel),
            (None, true) => Panel::EMBEDDED.contains(&panel),
            // The lab has everything but figures, which are the chapter's.
            (_, false) => panel != Panel::Figure,
        };
        asked && !self.hidden.contains(&panel)
    }

    /// Whether the control of a metaparameter is taken away.
    pub fn is_hidden(&self, id: Metaparameter) -> bool {
        self.hidden_fields.contains(&id)
    }

    /// The metaparameters that keep their values, hidden or not.
    pub fn locked(&self) -> &[Metaparameter] {
        &self.locked_fields
    }

    /// The query of the same board on a page of its own: language, theme, and what is hidden and locked.
    pub fn of_own_page(&self, language: Language, theme: Theme) -> String {
        let mut parts = vec![format!("lang={}", language.tag()), format!("theme={}", theme.tag())];
        parts.extend(self.written.iter().map(|(key, value)| format!("{key}={value}")));
        parts.join("&")
    }
}

/// What the dialog of the page asks for, as the query of an embedded board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedding {
    /// The panels.
    pub show: Vec<Panel>,
    /// The groups of controls that are locked.
    pub lock: Vec<Group>,
    /// When it begins to train.
    pub begin: Begin,
    /// The colours; those of the reader's system where it is `System`.
    pub theme: Theme,
    /// The language.
    pub language: Language,
}

impl Embedding {
    /// The query, without `?`.
    pub fn query(&self) -> String {
        let mut parts = vec!["embed".to_owned()];
        let mut list = |key: &str, names: Vec<&str>| {
            if !names.is_empty() {
                parts.push(format!("{key}={}", names.join(",")));
            }
        };
        if self.show != Panel::EMBEDDED {
            list("show", self.show.iter().map(|panel| panel.tag()).collect());
        }
        list("lock", self.lock.iter().map(|group| group.tag()).collect());
        if self.begin != Begin::default() {
            list("run", vec![self.begin.tag()]);
        }
        if self.theme != Theme::System {
            list("theme", vec![self.theme.tag()]);
        }
        list("lang", vec![self.language.tag()]);
        parts.join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_board_shows_what_is_asked_for() {
        let shown = |text: &str| {
            let query = Query::parse(text);
            assert_eq!(query.problem, None, "{text}");
            Panel::ALL.into_iter().filter(|panel| query.shows(*panel)).map(Panel::tag).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("?embed"), "switches loss equations");
        assert_eq!(shown("?embed&show=axis,rate"), "axis rate");
        assert_eq!(shown("?embed&hide=switches"), "loss equations");
        assert_eq!(shown(""), "switches setup guide loss axis equations rate norm");
        assert_eq!(shown("?hide=guide,equations&utm_source=school"), "switches setup loss axis rate norm");
        // The lab is not cut to panels; an embedded board is.
        assert_eq!(shown("?show=axis"), "switches setup guide loss axis equations rate norm");
    }

    #[test]
    fn groups_fields_and_panels_are_locked_by_name() {
        use Metaparameter as M;
        let query = Query::parse("?lock=warmup,seed&hide=clip-threshold");
        assert_eq!(query.problem, None);
        assert!([M::WarmupSteps, M::Schedule, M::Seed, M::ClipThreshold].iter().all(|id| query.locked().contains(id)));
        assert!(!query.locked().contains(&M::Placement));
        assert!(query.is_hidden(M::ClipThreshold) && !query.is_hidden(M::Seed));
        let all = Query::parse("?hide=switches,setup");
        let is_shown = |id: &&M| presentation(**id).group != Group::None;
        assert!(metaparameters().iter().filter(is_shown).all(|id| all.locked().contains(id)));
    }

    #[test]
    fn what_is_not_allowed_is_named_and_the_rest_counts() {
        let query = Query::parse("?lang=fr&embed&run=never&theme=dark");
        assert!(query.is_embedded);
        assert_eq!(query.theme, Some(Theme::Dark));
        let problem = query.problem.expect("French is not known").describe(Language::English.texts());
        assert_eq!(problem, "lang=fr is not allowed; allowed: en, id");
        for (text, part) in [
            ("?show=los", "show=los is not allowed; allowed: switches, setup"),
            ("?hide=everything", "hide=everything is not allowed; allowed: switches"),
            ("?lock=%zz", "lock has a broken percent-encoding"),
            ("?run=now", "allowed: visible, click, load"),
        ] {
            let problem = Query::parse(text).problem.expect(text).describe(Language::English.texts());
            assert!(problem.contains(part), "{problem}");
        }
        let long = format!("?lock={}", "seed,".repeat(MOST_BYTES));
        assert!(matches!(Query::parse(&long).problem, Some(Problem::TooLong(_))));
    }

    #[test]
    fn the_dialog_writes_what_is_read() {
        let embedding = Embedding {
            show: vec![Panel::Loss, Panel::Axis],
            lock: vec![Group::Optimizer, Group::Block],
            begin: Begin::Click,
            theme: Theme::Dark,
            language: Language::Indonesian,
        };
        let text = embedding.query();
        assert_eq!(text, "embed&show=loss,axis&lock=optimizer,placement&run=click&theme=dark&lang=id");
        let query = Query::parse(&text);
        assert_eq!((query.problem.clone(), query.begin, query.theme), (None, Begin::Click, Some(Theme::Dark)));
        assert!(query.shows(Panel::Axis) && !query.shows(Panel::Equations));
        assert_eq!(query.of_own_page(Language::Indonesian, Theme::Dark), "lang=id&theme=dark&lock=optimizer,placement");
    }

    #[test]
    fn every_group_and_field_has_a_name_that_means_it_alone() {
        for id in metaparameters() {
            let shown = presentation(id);
            if shown.group == Group::None {
                continue;
            }
            let meant = fields(shown.id);
            // The name of a group may be that of its most important field, too.
            let is_group = Group::ALL.iter().any(|group| group.tag() == shown.id);
            assert!(meant.contains(&id) && (is_group || meant == [id]), "{}: {meant:?}", shown.id);
        }
        for group in Group::ALL {
            assert!(!fields(group.tag()).is_empty(), "{}", group.tag());
            assert!(Panel::ALL.iter().all(|panel| panel.tag() != group.tag()), "{}", group.tag());
        }
    }
}
