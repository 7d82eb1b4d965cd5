//! Scopes that a resource server makes up within a pattern that it registered: an extension that other servers have, too.
//!
//! A pattern stands for nothing: it is in no ticket and no token, and no policy is about it. A scope is made when the
//! resource server asks for it, and is one of the resource's like any other from then on, which no policy allows before the
//! owner says so.

use std::cell::LazyCell;

use regex::{Regex, RegexBuilder};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::UmaResourceId;
use signet_protocol::spec::uma_federated;
use signet_protocol::time::UnixTime;

use super::protection::{changed, keeper};
use crate::events::{Action, Serving};
use crate::failure::{Failure, Fault};
use crate::model::{SpontaneousScope, UmaResource};
use crate::ports::{ScopeLimits, ScopesOfPatterns, ScopesOutcome};
use crate::realm::RealmContext;
use crate::tokens::CheckedAccessToken;

/// Most patterns of a resource.
const MOST_PATTERNS: usize = 5;
/// Most memory that a pattern may take, in bytes. It bounds the time, too, which is in proportion to it and to the scope.
const PATTERN_MEMORY: usize = 64 * 1024;
/// Most scopes of a resource that were made of patterns.
const MOST_MADE: usize = 100;

/// Whether an entry of `resource_scopes` is a pattern.
pub(super) fn is_pattern(scope: &str) -> bool {
    scope.starts_with('^') && scope.ends_with('$')
}

/// Whether a resource server may have patterns.
pub(super) async fn may_have_patterns(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
) -> Result<bool, Fault> {
    let server = serving.store.client(realm.id(), &token.client_id).await?;
    Ok(server.is_some_and(|server| server.settings.uma_spontaneous_scopes))
}

/// Takes the patterns from among the scopes of a description; the others are left.
pub(super) fn take_patterns(scopes: &mut Vec<String>, permitted: bool) -> Result<Vec<String>, Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidRequest.because(reason).per(uma_federated("3.1"));
    let patterns: Vec<String> = scopes.extract_if(.., |scope| is_pattern(scope)).collect();
    if !permitted {
        let reason =
            "a scope that begins with ^ and ends with $ is a pattern, which this resource server may not register";
        return if patterns.is_empty() { Ok(patterns) } else { Err(invalid(reason)) };
    }
    if scopes.iter().any(|scope| scope.starts_with('^') || scope.ends_with('$')) {
        return Err(invalid("a pattern of scopes begins with ^ and ends with $"));
    }
    if patterns.len() > MOST_PATTERNS {
        return Err(invalid("a resource has at most 5 patterns of scopes"));
    }
    if patterns.iter().any(|pattern| whole(pattern).is_none()) {
        return Err(invalid(
            "a pattern of scopes does not read as a regular expression, or is too large; look-around and back-references \
             are not taken",
        ));
    }
    Ok(patterns)
}

/// What matches where a pattern matches a scope as a whole, in time proportional to the scope.
fn whole(pattern: &str) -> Option<Regex> {
    let build = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_MEMORY).build().ok();
    // By itself first: a pattern that reads by itself cannot end the group that is put around it.
    build(pattern)?;
    build(&format!(r"\A(?:{pattern})\z"))
}

fn unknown_scope(reason: &'static str) -> Refusal {
    ErrorCode::InvalidScope.because(reason).per(uma_federated("4.3"))
}

/// Makes the scopes that are asked for of resources and are not registered. Those that are there already last longer once
/// half of their life is over, so that none ends while it is in use.
///
/// # Errors
/// `invalid_scope` where a scope is in no pattern, the resource server may not have it made, or there are too many.
pub(super) async fn make(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    asked: &[(UmaResource, Vec<String>)],
) -> Result<(), Failure> {
    let (now, seconds) = (serving.now(), realm.realm.settings.uma_spontaneous_scope_seconds);
    let limits = ScopeLimits { now, fresh: now.plus(seconds / 2), most: MOST_MADE };
    let permitted = may_have_patterns(serving, realm, token).await?;
    let mut making = Vec::new();
    for (resource, scopes) in asked {
        let scopes = to_make(resource, scopes, (permitted, limits, now.plus(seconds)))?;
        if !scopes.is_empty() {
            making.push(ScopesOfPatterns { resource_id: resource.id, scopes });
        }
    }
    if making.is_empty() {
        return Ok(());
    }
    let made = |id: UmaResourceId| changed(token, (id, Action::Updated), &["spontaneous_scopes"]);
    let events = serving.with_events(realm, making.iter().map(|of| made(of.resource_id)));
    match serving.store.make_uma_scopes(realm.id(), &keeper(token), (&making, limits), &events).await? {
        ScopesOutcome::Made => serving.written(&events),
        ScopesOutcome::Known => {}
        ScopesOutcome::Gone => return Err(not_registered().into()),
        ScopesOutcome::TooMany => {
            let reason = "a resource has as many scopes that were made of patterns as it may have; some must end first";
            return Err(unknown_scope(reason).into());
        }
    }
    Ok(())
}

fn not_registered() -> Refusal {
    unknown_scope("a scope is not registered for its resource")
}

/// The scopes of a resource that have to be made, or to last longer.
fn to_make(
    resource: &UmaResource,
    scopes: &[String],
    (permitted, limits, expires_at): (bool, ScopeLimits, UnixTime),
) -> Result<Vec<SpontaneousScope>, Refusal> {
    let patterns = if permitted { resource.description.scope_patterns.as_slice() } else { &[] };
    // Most are asked for again: nothing has to match then.
    let wholes: LazyCell<Vec<(&String, Regex)>, _> =
        LazyCell::new(|| patterns.iter().filter_map(|text| Some((text, whole(text)?))).collect());
    let mut making = Vec::new();
    for scope in scopes {
        let known = resource.spontaneous_scopes.iter().find(|known| known.scope == *scope);
        let pattern = match known.filter(|known| limits.now < known.expires_at) {
            Some(known) if !permitted || limits.fresh < known.expires_at => continue,
            Some(known) => Some(&known.pattern),
            // What looks like a pattern would pass for one.
            None if is_pattern(scope) => None,
            None => wholes.iter().find(|(_, whole)| whole.is_match(scope)).map(|(text, _)| *text),
        };
        let pattern = pattern.ok_or_else(not_registered)?.clone();
        making.push(SpontaneousScope { scope: scope.clone(), pattern, expires_at });
    }
    Ok(making)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(scopes: &[&str], permitted: bool) -> Result<(Vec<String>, Vec<String>), Refusal> {
        let mut scopes = scopes.iter().map(ToString::to_string).collect();
        let patterns = take_patterns(&mut scopes, permitted)?;
        Ok((scopes, patterns))
    }

    #[test]
    fn a_pattern_is_registered_where_it_may_be_and_ends() {
        let (scopes, patterns) = taken(&["view", "^/user/[0-9]+$", "print"], true).unwrap();
        assert_eq!(
            (scopes, patterns),
            (vec!["view".to_owned(), "print".to_owned()], vec!["^/user/[0-9]+$".to_owned()])
        );
        assert!(taken(&["^/user/.+$"], false).is_err());
        assert_eq!(taken(&["^", "$", "price$"], false).unwrap().0.len(), 3, "no patterns, but scopes like any other");
        for bad in ["^/user/.+", "/user/.+$", "^($", "^(?=a)$", r"^(a)\1$", "^[$", "^((a{500}){500}){500}$"] {
            assert!(taken(&[bad], true).is_err(), "{bad}");
        }
        assert!(taken(&["^a$", "^b$", "^c$", "^d$", "^e$"], true).is_ok());
        assert!(taken(&["^a$", "^b$", "^c$", "^d$", "^e$", "^f$"], true).is_err());
        for good in [r"^/user/\w+$", r"^\p{L}+$", "^/user/[a-z0-9-]{1,100}$", "^/a|b$", r"^price\$"] {
            assert!(taken(&[good], true).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_pattern_matches_a_scope_as_a_whole() {
        let is_match = |pattern: &str, scope: &str| whole(pattern).is_some_and(|whole| whole.is_match(scope));
        assert!(
            is_match("^/user/.+$", "/user/1")
                && !is_match("^/user/.+$", "x/user/1")
                && !is_match("^/user/.+$", "/user/")
        );
        // Where one half of an alternative has no anchor of its own, and where anchors are for lines.
        for scope in ["a", "b"] {
            assert!(is_match("^a|b$", scope) && !is_match("^a|b$", &format!("{scope}c")), "{scope}");
            assert!(!is_match("^a|b$", &format!("c{scope}")), "{scope}");
        }
        assert!(is_match("^a|ab$", "ab") && !is_match("(?m)^a$", "a\nb"));
        // Nothing gets out of the group.
        assert!(whole("^a)|(.*$").is_none() && whole("^(?x)a#$").is_none() && whole("^(?x)a)|.*#$").is_none());
        // Catastrophic where a pattern is tried step by step back.
        assert!(!is_match("^(a+)+$", &format!("{}b", "a".repeat(199))));
    }
}
