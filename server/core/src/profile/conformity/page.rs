//! The reference of profiles, as Markdown made from the data.

use std::fmt::Write as _;

use super::clauses::{Clause, FAPI_CIBA, FAPI1_ADVANCED, FAPI1_BASELINE, FAPI2_MESSAGE_SIGNING, FAPI2_SECURITY, Met};
use super::{Place, REQUIREMENTS, Requirement};
use crate::profile::ProfileName;

impl Place {
    const ALL: [Self; 6] =
        [Self::Registration, Self::Authorization, Self::Token, Self::Authentication, Self::Issuing, Self::Realm];

    const fn heading(self) -> &'static str {
        match self {
            Self::Registration => "Registration",
            Self::Authorization => "Authorization",
            Self::Token => "Token",
            Self::Authentication => "Client authentication",
            Self::Issuing => "Issuing",
            Self::Realm => "Realm settings",
        }
    }
}

/// The reference page of all profiles.
pub fn reference() -> String {
    let mut page = "\
# Security profiles

A profile is a set of demands, chosen by name for a realm (`profile`) or a client (`settings.profile`), or for one request
by the hook [`on_client_policy`](hooks.md). [Financial-grade profiles](../how-to/financial-grade.md) says how. What counts
is the combination of all of them: a profile adds demands to what an administrator has set and takes none away. This page
is made from the data in `server/core/src/profile`.

| Profile | Text | Includes |
|---|---|---|
"
    .to_owned();
    for name in ProfileName::ALL {
        let others = ProfileName::ALL.into_iter().filter(|other| *other != name && name.includes(*other));
        let others = others.map(|other| format!("`{}`", other.as_str())).collect::<Vec<_>>().join(", ");
        _ = writeln!(page, "| `{}` | {} | {others} |", name.as_str(), text(name));
    }
    page.push_str("\n## Where each demand is checked\n\n| Demand |");
    for place in Place::ALL {
        _ = write!(page, " {} |", place.heading());
    }
    page.push_str("\n|---|---|---|---|---|---|---|\n");
    for requirement in REQUIREMENTS {
        _ = write!(page, "| [`{0}`](#{0}) |", requirement.name);
        for place in Place::ALL {
            page.push_str(if requirement.places.contains(&place) { " yes |" } else { " |" });
        }
        page.push('\n');
    }
    page.push_str("\n# Demands\n");
    for requirement in REQUIREMENTS {
        page.push_str(&section(requirement));
    }
    page.push_str("\n# Provisions one by one\n");
    for (title, clauses) in [
        ("FAPI 1.0 Part 1: Baseline, as far as Part 2 takes it over", FAPI1_BASELINE),
        ("FAPI 1.0 Part 2: Advanced", FAPI1_ADVANCED),
        ("FAPI 2.0 Security Profile", FAPI2_SECURITY),
        ("FAPI 2.0 Message Signing", FAPI2_MESSAGE_SIGNING),
        ("FAPI-CIBA", FAPI_CIBA),
    ] {
        _ = write!(page, "\n## {title}\n\n| Section | What it wants | What meets it |\n|---|---|---|\n");
        for clause in clauses {
            _ = writeln!(page, "| {} | {} | {} |", clause.section.section, clause.wants, met(clause));
        }
    }
    page
}

const fn text(name: ProfileName) -> &'static str {
    match name {
        ProfileName::Base => "OpenID Connect Core 1.0, RFC 9700",
        ProfileName::Fapi1Advanced => "FAPI 1.0 Part 2: Advanced",
        ProfileName::Fapi2Security => "FAPI 2.0 Security Profile",
        ProfileName::Fapi2MessageSigning => "FAPI 2.0 Message Signing: authorization requests and responses",
        ProfileName::FapiCiba => "FAPI: Client Initiated Backchannel Authentication Profile",
    }
}

fn section(requirement: &Requirement) -> String {
    let mut section = format!(
        "\n## `{}`\n\n{}\n\n| Profile | Says | Section |\n|---|---|---|\n",
        requirement.name, requirement.about
    );
    for name in ProfileName::ALL {
        let wanted = requirement.section(name).map(|section| section.to_string()).unwrap_or_default();
        _ = writeln!(section, "| `{}` | {} | {wanted} |", name.as_str(), (requirement.stated)(name.profile()));
    }
    section
}

fn met(clause: &Clause) -> String {
    match clause.met {
        Met::By(name) => format!("[`{name}`](#{name})"),
        Met::Always(how) => format!("every profile: {how}"),
        Met::Deployment(how) => format!("the deployment: {how}"),
        Met::Open(how) => how.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provision_that_a_demand_meets_names_one_that_is_there() {
        let all = [FAPI1_BASELINE, FAPI1_ADVANCED, FAPI2_SECURITY, FAPI2_MESSAGE_SIGNING, FAPI_CIBA];
        let named: Vec<&str> = all
            .into_iter()
            .flatten()
            .filter_map(|clause| if let Met::By(name) = clause.met { Some(name) } else { None })
            .collect();
        for name in &named {
            assert!(REQUIREMENTS.iter().any(|requirement| requirement.name == *name), "{name}");
        }
        for requirement in REQUIREMENTS {
            assert!(named.contains(&requirement.name) || requirement.sections.is_empty(), "{}", requirement.name);
        }
    }

    #[test]
    fn what_a_profile_says_beyond_base_has_a_section() {
        for requirement in REQUIREMENTS {
            let base = (requirement.stated)(ProfileName::Base.profile());
            for name in ProfileName::ALL {
                let says_more = (requirement.stated)(name.profile()) != base;
                let is_cited = requirement.section(name).is_some();
                assert!(
                    is_cited || !says_more || requirement.name == UNCITED.0 && UNCITED.1.contains(&name),
                    "{} {name:?}",
                    requirement.name
                );
            }
        }
    }

    /// A choice of ours: FAPI 1.0 leaves rotation open.
    const UNCITED: (&str, [ProfileName; 2]) = ("refresh_rotation", [ProfileName::Fapi1Advanced, ProfileName::FapiCiba]);
}
