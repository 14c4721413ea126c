//! The themes of the page.

use super::plot::Palette;
use super::text::Texts;

/// A theme of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light or dark, as the system.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Large and of high contrast, to be seen from the last row.
    Projector,
}

impl Theme {
    /// All themes, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::System, Self::Light, Self::Dark, Self::Projector];

    /// The theme's name in an address.
    pub fn tag(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Projector => "projector",
        }
    }

    /// The theme of a name in an address.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.tag() == tag)
    }

    /// What the theme is called.
    pub fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::System => texts.theme_system,
            Self::Light => texts.theme_light,
            Self::Dark => texts.theme_dark,
            Self::Projector => texts.theme_projector,
        }
    }

    /// The colours and sizes of its plots.
    pub fn palette(self, is_system_dark: bool) -> Palette {
        match (self, is_system_dark) {
            (Self::Projector, _) => Palette::PROJECTOR,
            (Self::Dark, _) | (Self::System, true) => Palette::DARK,
            (Self::Light, _) | (Self::System, false) => Palette::LIGHT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour (WCAG 2).
    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn plots_have_the_contrast_that_wcag_asks_for() {
        for theme in [Theme::Light, Theme::Dark, Theme::Projector] {
            let palette = theme.palette(false);
            // AA for text; the projector's is AAA, for light that falls on the wall takes some of it away.
            let least = if theme == Theme::Projector { 7.0 } else { 4.5 };
            for color in [palette.ink, palette.soft, palette.dead].into_iter().chain(palette.variants) {
                let found = contrast(color, palette.card);
                assert!(found >= least, "{theme:?} {color:?}: {found}");
            }
        }
    }

    #[test]
    fn an_address_names_each_theme() {
        for theme in Theme::ALL {
            assert_eq!(Theme::from_tag(theme.tag()), Some(theme));
        }
        assert_eq!(Theme::from_tag("pink"), None);
        assert!(Theme::Projector.palette(true).scale > Theme::Light.palette(true).scale);
    }
}
