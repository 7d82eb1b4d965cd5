//! From a plan file to its plans.
//!
//! `with` names parts, files in `parts/` whose members stand beneath the file's own. `matrix` says what differs between
//! many plans: it has axes, an axis has choices, and a choice has the members that it adds or replaces. Every
//! combination of choices is a plan; `only` leaves out choices of an axis. `name` says what the plans are called, with
//! the axes as placeholders: `{auth}` is the choice on the axis `auth`. A file without `matrix` is one plan, and
//! without `name` it is called as the file is.
//!
//! Where two sides have the same table their members are put together; anything else is replaced.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Axes, and the choices of each.
type Matrix = BTreeMap<String, BTreeMap<String, Table>>;

/// One choice on each axis.
type Combination<'a> = Vec<(&'a str, &'a str, &'a Table)>;

/// What of a file is not a plan's.
#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    with: Vec<String>,
    name: Option<String>,
    #[serde(default)]
    matrix: Matrix,
    #[serde(default)]
    only: BTreeMap<String, Vec<String>>,
}

/// The plans of the file with this stem, by name; `part` finds the text of a part. An error says what is wrong.
pub(super) fn expand<'a>(
    stem: &str,
    text: &str,
    part: impl Fn(&str) -> Option<&'a str>,
) -> Result<Vec<(String, Table)>, String> {
    let own: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let mut whole = Table::new();
    for name in head(&mut own.clone())?.with {
        let text = part(&name).ok_or_else(|| format!("names parts/{name}.toml, which is not there"))?;
        let table: Table = text.parse().map_err(|error| format!("parts/{name}.toml: {error}"))?;
        merge(&mut whole, &table);
    }
    merge(&mut whole, &own);
    let Head { name, mut matrix, only, .. } = head(&mut whole)?;
    narrow(&mut matrix, &only)?;
    let template = name.unwrap_or_else(|| stem.to_owned());
    let combinations = combinations(&matrix);
    let mut plans = BTreeMap::new();
    for combination in combinations {
        let (name, mut table) = (called(&template, &combination), whole.clone());
        for (_, _, choice) in combination {
            merge(&mut table, choice);
        }
        if plans.insert(name.clone(), table).is_some() {
            return Err(format!("has two plans called {name}: `name` must have every axis as a placeholder"));
        }
    }
    Ok(plans.into_iter().collect())
}

/// Takes from `table` what is not a plan's.
fn head(table: &mut Table) -> Result<Head, String> {
    let taken = ["with", "name", "matrix", "only"].map(|key| Some((key.to_owned(), table.remove(key)?)));
    let taken: Table = taken.into_iter().flatten().collect();
    taken.try_into().map_err(|error: toml::de::Error| error.to_string())
}

fn narrow(matrix: &mut Matrix, only: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    for (axis, kept) in only {
        let choices =
            matrix.get_mut(axis).ok_or_else(|| format!("`only` names the axis {axis}, which is not there"))?;
        if let Some(unknown) = kept.iter().find(|choice| !choices.contains_key(*choice)) {
            return Err(format!("`only` names the choice {unknown}, which the axis {axis} does not have"));
        }
        choices.retain(|choice, _| kept.contains(choice));
    }
    Ok(())
}

/// Every way to choose once on each axis; the one way to choose nothing where there is no axis.
fn combinations(matrix: &Matrix) -> Vec<Combination<'_>> {
    let mut all = vec![Combination::new()];
    for (axis, choices) in matrix {
        all = all
            .iter()
            .flat_map(|begun| {
                choices.iter().map(move |(choice, table)| {
                    let mut longer = begun.clone();
                    longer.push((axis, choice, table));
                    longer
                })
            })
            .collect();
    }
    all
}

fn called(template: &str, combination: &[(&str, &str, &Table)]) -> String {
    combination.iter().fold(template.to_owned(), |name, (axis, choice, _)| name.replace(&format!("{{{axis}}}"), choice))
}

fn merge(below: &mut Table, above: &Table) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => drop(below.insert(key.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(text: &str) -> Result<Vec<(String, Table)>, String> {
        expand("file", text, |name| (name == "common").then_some("group = \"g\"\n[variant]\na = \"1\"\nb = \"1\""))
    }

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn a_file_without_a_matrix_is_one_plan_called_as_the_file() {
        assert_eq!(plans("plan = \"p\"").unwrap(), [("file".to_owned(), table("plan = \"p\""))]);
    }

    #[test]
    fn parts_stand_beneath_the_files_own_members() {
        let plans = plans("with = [\"common\"]\nplan = \"p\"\n[variant]\nb = \"2\"").unwrap();
        assert_eq!(plans[0].1, table("group = \"g\"\nplan = \"p\"\n[variant]\na = \"1\"\nb = \"2\""));
        let error = expand("file", "with = [\"other\"]", |_| None).unwrap_err();
        assert!(error.contains("parts/other.toml"), "{error}");
    }

    #[test]
    fn every_combination_of_choices_is_a_plan() {
        let text = "name = \"x-{one}-{two}\"\nplan = \"p\"\n[matrix.one.a.variant]\nk = \"a\"\n[matrix.one.b]\n\
                    [matrix.two.c.variant]\nl = \"c\"\n[matrix.two.d]\nplan = \"q\"";
        let plans = plans(text).unwrap();
        let names: Vec<&str> = plans.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-a-c", "x-a-d", "x-b-c", "x-b-d"]);
        assert_eq!(plans[0].1, table("plan = \"p\"\n[variant]\nk = \"a\"\nl = \"c\""));
        assert_eq!(plans[3].1, table("plan = \"q\""));
    }

    #[test]
    fn only_leaves_out_choices_and_must_name_what_is_there() {
        let text = |only| format!("name = \"{{one}}\"\n[only]\n{only}\n[matrix.one.a]\n[matrix.one.b]");
        let names: Vec<String> = plans(&text("one = [\"b\"]")).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b"]);
        assert!(plans(&text("one = [\"c\"]")).unwrap_err().contains("choice c"));
        assert!(plans(&text("two = [\"b\"]")).unwrap_err().contains("axis two"));
    }

    #[test]
    fn two_plans_of_one_name_are_an_error() {
        let error = plans("name = \"x\"\n[matrix.one.a]\n[matrix.one.b]").unwrap_err();
        assert!(error.contains("called x"), "{error}");
    }
}
