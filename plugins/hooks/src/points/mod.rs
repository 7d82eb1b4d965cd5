//! The hook points, one a file. A new one is a file with its types and a line in the list below.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{Context, RunContext};
use crate::decision::Constructor;
use crate::hook::{FailureMode, HookPoint, Schemas, ShapeError};
use crate::limits::Class;
use crate::redaction::Redact;

macro_rules! hooks {
    ($($module:ident: $point:ident, $class:ident, $failure:ident;)+) => {
        $(
            #[doc = concat!("`", stringify!($module), "`")]
            pub mod $module;
            pub use $module::$point;
        )+

        /// A decision point where a script may be asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Hook {
            $(#[doc = concat!("See [`", stringify!($point), "`].")] $point,)+
        }

        impl Hook {
            /// Every hook, in the order in which a request meets them.
            pub const ALL: &[Self] = &[$(Self::$point,)+];

            /// The name of the script function.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$point => stringify!($module),)+ }
            }

            /// What a run may cost, and whether it may call out.
            pub const fn class(self) -> Class {
                match self { $(Self::$point => Class::$class,)+ }
            }

            /// What happens where a script fails, unless its manifest demands more.
            pub const fn failure_mode(self) -> FailureMode {
                match self { $(Self::$point => FailureMode::$failure,)+ }
            }

            /// The name of the second parameter.
            pub const fn argument(self) -> Option<&'static str> {
                match self { $(Self::$point => <$point as HookPoint>::ARGUMENT,)+ }
            }

            /// When it runs and what for.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$point => <$point as HookPoint>::ABOUT,)+ }
            }

            /// What no decision can do here.
            pub const fn never(self) -> &'static str {
                match self { $(Self::$point => <$point as HookPoint>::NEVER,)+ }
            }

            /// The functions that make its decisions, besides `none()`.
            pub const fn constructors(self) -> &'static [Constructor] {
                match self { $(Self::$point => <$point as HookPoint>::CONSTRUCTORS,)+ }
            }

            /// The schemas of its input and output.
            pub fn schemas(self) -> Schemas {
                match self { $(Self::$point => schemas::<$point>(),)+ }
            }

            /// A realistic input.
            pub fn sample_input(self) -> RunContext {
                match self { $(Self::$point => sample_input::<$point>(),)+ }
            }

            /// Whether a decision has the shape that this hook takes.
            pub fn check_output(self, decision: &Value) -> Result<(), ShapeError> {
                match self { $(Self::$point => check::<<$point as HookPoint>::Output>(decision),)+ }
            }

            /// Facts and argument with placeholders for what is about a person.
            pub(crate) fn redacted_input(self, facts: Value, argument: Value) -> Result<(Value, Value), ShapeError> {
                match self { $(Self::$point => Ok((
                    redacted::<<$point as HookPoint>::Facts>(facts)?,
                    redacted::<<$point as HookPoint>::Argument>(argument)?,
                )),)+ }
            }

            /// Whether facts and argument have the shape that this hook gives.
            pub(crate) fn check_input(self, facts: &Value, argument: &Value) -> Result<(), ShapeError> {
                match self {
                    $(Self::$point => check::<<$point as HookPoint>::Facts>(facts)
                        .and_then(|()| check::<<$point as HookPoint>::Argument>(argument)),)+
                }
            }
        }
    };
}

// One line a hook: file, type, class of limits, failure mode.
hooks! {
    on_discovery: OnDiscovery, Decision, Open;
    on_client_registration: OnClientRegistration, Enrichment, Closed;
    on_client_policy: OnClientPolicy, Decision, Closed;
    on_client_authenticated: OnClientAuthenticated, Decision, Closed;
    on_authorize_request: OnAuthorizeRequest, Decision, Closed;
    on_rar_validate: OnRarValidate, Enrichment, Closed;
    on_identify: OnIdentify, Decision, Open;
    on_auth_start: OnAuthStart, Decision, Closed;
    on_factor_result: OnFactorResult, Decision, Closed;
    on_consent: OnConsent, Decision, Closed;
    on_resource_indicators: OnResourceIndicators, Decision, Closed;
    on_grant_management: OnGrantManagement, Decision, Closed;
    on_rar_enrich: OnRarEnrich, Enrichment, Closed;
    on_device_request: OnDeviceRequest, Decision, Closed;
    on_device_verify: OnDeviceVerify, Decision, Closed;
    on_ciba_request: OnCibaRequest, Enrichment, Closed;
    on_ciba_notify: OnCibaNotify, Enrichment, Open;
    on_token_request: OnTokenRequest, Decision, Closed;
    on_claims: OnClaims, Enrichment, Closed;
    on_introspection: OnIntrospection, Decision, Closed;
    on_revocation: OnRevocation, Decision, Closed;
    on_session: OnSession, Decision, Closed;
    on_logout: OnLogout, Decision, Open;
    on_error: OnError, Decision, Open;
    on_event: OnEvent, Asynchronous, Queue;
    on_token_exchange: OnTokenExchange, Decision, Closed;
    on_transaction_token: OnTransactionToken, Decision, Closed;
    on_assertion_grant: OnAssertionGrant, Enrichment, Closed;
    on_uma_claims_gathering: OnUmaClaimsGathering, Decision, Closed;
    on_uma_policy: OnUmaPolicy, Decision, Closed;
}

fn check<T: DeserializeOwned>(value: &Value) -> Result<(), ShapeError> {
    serde_json::from_value::<T>(value.clone()).map(drop).map_err(|error| ShapeError(error.to_string()))
}

fn redacted<T: DeserializeOwned + Redact + Serialize>(value: Value) -> Result<Value, ShapeError> {
    let unfit = |error: serde_json::Error| ShapeError(error.to_string());
    let mut value: T = serde_json::from_value(value).map_err(unfit)?;
    value.redact();
    serde_json::to_value(value).map_err(unfit)
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn schemas<P: HookPoint>() -> Schemas {
    let mut ctx = schema::<Context>();
    let mut facts = schema::<P::Facts>();
    let members = facts.get_mut("properties").and_then(Value::as_object_mut).map(std::mem::take);
    if let (Some(all), Some(members)) = (ctx.get_mut("properties").and_then(Value::as_object_mut), members) {
        all.extend(members);
    }
    let required = facts.get_mut("required").and_then(Value::as_array_mut).map(std::mem::take);
    if let (Some(all), Some(required)) = (ctx.get_mut("required").and_then(Value::as_array_mut), required) {
        all.extend(required);
    }
    Schemas { ctx, argument: P::ARGUMENT.map(|_| schema::<P::Argument>()), output: schema::<P::Output>() }
}

fn sample_input<P: HookPoint>() -> RunContext {
    let (facts, argument) = P::sample();
    RunContext::new::<P>(std::sync::Arc::new(P::sample_context()), &facts, &argument)
}
