//! Random inputs.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr};
use serde_json::{Map, Value, json};
use signet_hooks::{Hook, Package, Schemas, VARS_MAXIMUM_BYTES};

use crate::check::visit;
use crate::program::RhaiProgram;
use crate::testing::mixed;

/// Most changes to one input.
const CHANGES: u64 = 6;

/// Texts that programs stumble over.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "admin",
    "null",
    "0",
    "-1",
    "ana@example.com",
    "@",
    "a@b@c",
    "ANA@EXAMPLE.COM",
    "caf\u{e9}",
    "\u{1f600}",
    "\u{202e}x",
    "\u{0}",
    "<script>",
    "' OR 1=1",
    "openid",
    "offline_access",
    "../..",
    "https://evil.test/",
    "2001:db8::1",
    "192.0.2.1",
    "%00",
    "999999999999999999999",
    "NaN",
    "_",
    "__proto__",
];

/// Numbers that programs stumble over.
const NUMBERS: &[i64] = &[0, 1, -1, 59, 60, 3_600, 86_400, 1_000_000, 4_102_444_800, i64::MAX, i64::MIN];

/// Makes inputs for a hook.
pub(super) struct Generator {
    state: u64,
    bases: Vec<Map<String, Value>>,
    schemas: Schemas,
    attributes: Vec<String>,
    texts: Vec<String>,
    numbers: Vec<i64>,
}

impl Generator {
    pub(super) fn new(package: &Package, program: &RhaiProgram, hook: Hook, seed: u64) -> Self {
        let (texts, numbers) = literals(program);
        Self {
            state: seed,
            bases: bases(package, hook),
            schemas: hook.schemas(),
            attributes: program.manifest.user_attributes.iter().cloned().collect(),
            texts: texts.into_iter().chain(TEXTS.iter().map(|&text| text.to_owned())).collect(),
            numbers: numbers.into_iter().chain(NUMBERS.iter().copied()).collect(),
        }
    }

    /// The next input: one of the bases, changed in a few places.
    pub(super) fn input(&mut self) -> Map<String, Value> {
        let bases = std::mem::take(&mut self.bases);
        let mut input = self.choose(&bases).cloned().unwrap_or_default();
        self.bases = bases;
        for _ in 0..=self.below(CHANGES) {
            self.change(&mut input);
        }
        // What other packages handed on leaves room for this one.
        if serde_json::to_vec(&input.get("vars")).is_ok_and(|json| json.len() > VARS_MAXIMUM_BYTES / 2) {
            input.remove("vars");
        }
        input
    }

    fn change(&mut self, input: &mut Map<String, Value>) {
        match self.below(8) {
            0 | 1 => self.change_user(input),
            2 | 3 if self.schemas.argument.is_some() => {
                let schema = self.schemas.argument.clone().unwrap_or_default();
                let now = input.get("argument").cloned().unwrap_or_default();
                let changed = self.changed(&schema, &now);
                input.insert("argument".to_owned(), changed);
            }
            4 => self.change_reply(input),
            _ => {
                let schema = self.schemas.ctx.clone();
                let names: Vec<&String> =
                    schema["properties"].as_object().map(|all| all.keys().collect()).unwrap_or_default();
                let Some(name) = self.choose(&names).copied().cloned() else { return };
                if name != "user" {
                    let now = input.get(&name).cloned().unwrap_or_default();
                    let changed = self.changed(&schema["properties"][&name], &now);
                    input.insert(name, changed);
                }
            }
        }
    }

    /// Gives the user other attributes, or takes the user away.
    fn change_user(&mut self, input: &mut Map<String, Value>) {
        let Some(mut user) = input.get("user").and_then(Value::as_object).cloned() else { return };
        if self.below(8) == 0 {
            input.insert("user".to_owned(), Value::Null);
            return;
        }
        let attributes = self.attributes.clone();
        if let Some(name) = self.choose(&attributes).cloned() {
            if self.below(4) == 0 {
                user.remove(&name);
            } else {
                let value = self.any();
                user.insert(name, value);
            }
        }
        input.insert("user".to_owned(), Value::Object(user));
    }

    /// Lets a reply of a connection be another, or fail.
    fn change_reply(&mut self, input: &mut Map<String, Value>) {
        let exchanges = input.get_mut("host").and_then(|host| host.get_mut("http")).and_then(Value::as_array_mut);
        let Some(exchanges) = exchanges.filter(|exchanges| !exchanges.is_empty()) else { return };
        let index = usize::try_from(self.below(exchanges.len() as u64)).unwrap_or_default();
        let status = self.choose(&[200, 204, 301, 404, 500]).copied();
        let body = self.choose(&["", "{", "null", "[]", "{}", "\"text\""]).copied();
        let is_problem = self.below(3) == 0;
        let Some(exchange) = exchanges.get_mut(index).and_then(Value::as_object_mut) else { return };
        if is_problem {
            exchange.insert("problem".to_owned(), json!("timeout"));
        } else {
            exchange.insert("reply".to_owned(), json!({"status": status, "body": body, "stale": self.below(2) == 0}));
        }
    }

    /// A value that fits a schema: mostly the one it is now, in one place another.
    fn changed(&mut self, schema: &Value, now: &Value) -> Value {
        if let (Some(members), Some(now)) = (schema.get("properties").and_then(Value::as_object), now.as_object()) {
            let mut object = now.clone();
            let names: Vec<&String> = members.keys().collect();
            if let Some(name) = self.choose(&names).copied() {
                let inner = now.get(name).cloned().unwrap_or_default();
                object.insert(name.clone(), self.changed(&members[name], &inner));
            }
            return Value::Object(object);
        }
        self.value(schema, 3)
    }

    /// Any value that fits a schema.
    fn value(&mut self, schema: &Value, depth: u32) -> Value {
        let choices = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        if let Some(choices) = choices.cloned() {
            return self.choose(&choices).cloned().map_or(Value::Null, |choice| self.value(&choice, depth));
        }
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            return self.choose(choices).cloned().unwrap_or_default();
        }
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match self.choose(&kinds).copied() {
            Some("string") => self.text().into(),
            Some("integer") => self.number().into(),
            Some("boolean") => (self.below(2) == 0).into(),
            Some("array") => {
                let items = schema.get("items").cloned().unwrap_or(Value::Bool(true));
                let number = self.below(5);
                (0..number).map(|_| self.value(&items, depth.saturating_sub(1))).collect()
            }
            Some("object") => self.object(schema, depth),
            Some(_) => Value::Null,
            None => self.any(),
        }
    }

    fn object(&mut self, schema: &Value, depth: u32) -> Value {
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            let members = members.iter().map(|(name, member)| (name.clone(), self.value(member, depth)));
            return Value::Object(members.collect());
        }
        let number = if depth == 0 { 0 } else { self.below(4) };
        (0..number).map(|_| (self.text(), self.any())).collect()
    }

    /// Any value at all, as attributes and stored values may be.
    fn any(&mut self) -> Value {
        match self.below(7) {
            0 => Value::Null,
            1 => (self.below(2) == 0).into(),
            2 => self.number().into(),
            3 => {
                let number = self.below(4);
                (0..number).map(|_| Value::from(self.text())).collect()
            }
            _ => self.text().into(),
        }
    }

    fn text(&mut self) -> String {
        if self.below(40) == 0 {
            return "x".repeat(2_000);
        }
        let texts = std::mem::take(&mut self.texts);
        let text = self.choose(&texts).cloned().unwrap_or_default();
        self.texts = texts;
        text
    }

    fn number(&mut self) -> i64 {
        let numbers = std::mem::take(&mut self.numbers);
        let number = self.choose(&numbers).copied().unwrap_or_default();
        self.numbers = numbers;
        // One beside a number that matters matters too.
        number.saturating_add(i64::try_from(self.below(3)).unwrap_or_default() - 1)
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below((from.len() as u64).max(1));
        from.get(usize::try_from(index).unwrap_or_default())
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(1);
        mixed(mixed(self.state)) % bound
    }
}

/// Inputs that make sense: the package's fixtures that fit the hook, and the hook's sample. All members are there, so that
/// each can be changed.
fn bases(package: &Package, hook: Hook) -> Vec<Map<String, Value>> {
    let files = package.files().iter().filter(|(name, _)| name.starts_with("fixtures/"));
    let fixtures = files.filter_map(|(_, text)| serde_json::from_str::<Map<String, Value>>(text).ok());
    let mut bases: Vec<_> = fixtures.filter_map(|fixture| whole(hook, fixture)).collect();
    if bases.is_empty() {
        bases.extend(whole(hook, Map::new()));
    }
    bases
}

/// A fixture with what it has from the sample; nothing if it does not fit the hook.
fn whole(hook: Hook, mut fixture: Map<String, Value>) -> Option<Map<String, Value>> {
    let host = fixture.remove("host");
    let argument = fixture.remove("argument");
    let context = hook.context_from_json(&Value::Object(fixture), argument.as_ref()).ok()?;
    let Value::Object(mut input) = context.ctx() else { return None };
    input.extend(context.argument().map(|argument| ("argument".to_owned(), argument.clone())));
    input.extend(host.map(|host| ("host".to_owned(), host)));
    Some(input)
}

/// The texts and numbers that a script has in it.
fn literals(program: &RhaiProgram) -> (BTreeSet<String>, BTreeSet<i64>) {
    let (mut texts, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    visit(&program.ast, &mut |node| match node {
        ASTNode::Expr(Expr::StringConstant(text, _)) => _ = texts.insert(text.to_string()),
        ASTNode::Expr(Expr::IntegerConstant(number, _)) => _ = numbers.insert(*number),
        _ => {}
    });
    (texts, numbers)
}
