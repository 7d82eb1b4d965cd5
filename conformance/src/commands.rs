//! What each subcommand does.

use crate::cli::{
    Command, DEFAULT_PORT, ListArguments, RunArguments, SelectionArguments, SignetArguments, StartArguments,
    SuiteArguments, SuiteCommand,
};
use crate::doctor;
use crate::driver::{Driver, Results};
use crate::error::HarnessError;
use crate::evidence::{last_line, picture::Browser, table, write_reports};
use crate::expected::Expectations;
use crate::output::{self, Progress};
use crate::plan::{Library, Plan};
use crate::scripts::ScriptSet;
use crate::signet::{Signet, SignetOptions, executable};
use crate::suite::client::SuiteClient;
use crate::suite::process::{RunningSuite, StartOptions};
use std::process::ExitCode;
use std::sync::Arc;

/// Carries out a subcommand.
pub(crate) async fn execute(command: Command) -> Result<ExitCode, HarnessError> {
    match command {
        Command::Suite(SuiteCommand::Start(arguments)) => start_suite(arguments).await,
        Command::Run(arguments) => run(*arguments).await,
        Command::List(arguments) => list(&arguments),
        Command::Doctor(arguments) => {
            let whole = doctor::examine(&arguments).await;
            let missing = HarnessError::Missing(String::new()).exit_code();
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(missing) })
        }
    }
}

async fn start_suite(arguments: StartArguments) -> Result<ExitCode, HarnessError> {
    let StartArguments { jar, java, data, port } = arguments;
    let options = StartOptions { jar, java, data, port };
    let mut suite = tokio::select! {
        started = RunningSuite::start(&options) => started?,
        () = stop_signal() => return Err(HarnessError::Interrupted),
    };
    output::line(&format!("the suite runs at {}; its log is {}", suite.url(), suite.log().display()));
    output::line("Ctrl-C stops it");
    tokio::select! {
        error = suite.ended() => Err(error),
        () = stop_signal() => {
            suite.stop().await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(arguments: &ListArguments) -> Result<ExitCode, HarnessError> {
    for plan in Library::open(arguments.plans.as_deref())?.plans()? {
        let variant: Vec<String> = plan.file.variant.iter().map(|(name, value)| format!("{name}={value}")).collect();
        output::line(
            format!("{:<5} {:<57} {} {}", plan.file.group, plan.name, plan.file.plan, variant.join(" ")).trim_end(),
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn run(arguments: RunArguments) -> Result<ExitCode, HarnessError> {
    let plans = select(Library::open(arguments.selection.plans.as_deref())?.plans()?, &arguments.selection)?;
    let scripts = arguments.scripts.as_deref().map(ScriptSet::named).transpose()?;
    let expectations = Expectations::load(arguments.expected.as_deref(), arguments.scripts.as_deref())?;
    let (driver, running) = tokio::select! {
        prepared = prepare(&arguments, scripts, expectations) => prepared?,
        () = stop_signal() => return Err(HarnessError::Interrupted),
    };
    let results = tokio::select! {
        results = Arc::clone(&driver).run(plans, usize::from(arguments.jobs)) => results,
        () = stop_signal() => Err(HarnessError::Interrupted),
    };
    let reported = results.and_then(|results| report(&driver, &results));
    // Also after an interruption: a deployer's Signet keeps nothing of ours.
    let cleaned = driver.signet.clean_up().await;
    if let Some(running) = running {
        running.stop().await?;
    }
    let code = reported?;
    cleaned.map(|()| code)
}

/// Starts or finds the suite and Signet.
async fn prepare(
    arguments: &RunArguments,
    scripts: Option<ScriptSet>,
    expectations: Expectations,
) -> Result<(Arc<Driver>, Option<RunningSuite>), HarnessError> {
    let running = start_if_asked(&arguments.suite).await?;
    let url = match (&arguments.suite.suite, &running) {
        (Some(url), _) => url.clone(),
        (None, Some(running)) => running.url().to_owned(),
        (None, None) => format!("https://localhost:{DEFAULT_PORT}"),
    };
    let suite = SuiteClient::connect(&url, arguments.suite.suite_token.clone()).await?;
    let signet = signet(&arguments.signet, scripts, &suite).await?;
    let (evidence, browser) = (arguments.evidence.clone(), Browser::find());
    let driver = Driver { suite, signet, expectations, evidence, browser, progress: Progress::new() };
    Ok((Arc::new(driver), running))
}

/// Prints and keeps the results, and turns them into the exit code.
fn report(driver: &Driver, results: &Results) -> Result<ExitCode, HarnessError> {
    write_reports(&driver.evidence, results, driver.signet.log())?;
    output::line(&table(results));
    output::line(&format!("evidence: {}", driver.evidence.display()));
    output::line(&last_line(results));
    let differ = results.differ();
    Ok(match results.error() {
        Some(error) => ExitCode::from(error.exit_code()),
        None => ExitCode::from(u8::from(differ)),
    })
}

async fn start_if_asked(arguments: &SuiteArguments) -> Result<Option<RunningSuite>, HarnessError> {
    let Some(jar) = arguments.jar.clone() else { return Ok(None) };
    let options = StartOptions { jar, java: arguments.java.clone(), data: None, port: DEFAULT_PORT };
    RunningSuite::start(&options).await.map(Some)
}

async fn signet(
    arguments: &SignetArguments,
    scripts: Option<ScriptSet>,
    suite: &SuiteClient,
) -> Result<Signet, HarnessError> {
    if let Some(target) = &arguments.target {
        return Signet::connect(target, scripts).await;
    }
    let executable = executable(arguments.signet.as_deref())?;
    let options = SignetOptions { executable, host: arguments.host.clone() };
    Signet::start(&options, scripts, suite.certificate()).await
}

/// The plans that were asked for, all where none was named, with their variant parameters replaced as asked.
fn select(plans: Vec<Plan>, selection: &SelectionArguments) -> Result<Vec<Plan>, HarnessError> {
    let known = |name: &String| plans.iter().any(|plan| plan.name == *name || plan.file.plan == *name);
    if let Some(name) = selection.plan.iter().find(|name| !known(name)) {
        return Err(HarnessError::Input(format!("there is no plan {name}: `list` shows the plans")));
    }
    if let Some(name) = selection.group.iter().find(|name| !plans.iter().any(|plan| plan.is_in_group(name))) {
        return Err(HarnessError::Input(format!("there is no group {name}: `list` shows the groups")));
    }
    let all = selection.plan.is_empty() && selection.group.is_empty();
    let mut selected: Vec<Plan> = plans
        .into_iter()
        .filter(|plan| {
            let named = selection.plan.iter().any(|name| plan.name == *name || plan.file.plan == *name);
            all || named || selection.group.iter().any(|name| plan.is_in_group(name))
        })
        .collect();
    for (name, value) in &selection.variant {
        let mut replaced = false;
        for own in selected.iter_mut().filter_map(|plan| plan.file.variant.get_mut(name)) {
            own.clone_from(value);
            replaced = true;
        }
        if !replaced {
            return Err(HarnessError::Input(format!("no selected plan has the variant parameter {name}")));
        }
    }
    Ok(selected)
}

/// Waits for Ctrl-C or a request to terminate.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without a handler for it the signal ends the process, which is what it asks for.
    drop(tokio::signal::ctrl_c().await);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(plan: &[&str], group: &[&str], variant: &[(&str, &str)]) -> SelectionArguments {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let variant = variant.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        SelectionArguments { plan: owned(plan), group: owned(group), variant, plans: None }
    }

    fn selected(selection: &SelectionArguments) -> Result<Vec<Plan>, HarnessError> {
        select(Library::open(None).unwrap().plans().unwrap(), selection)
    }

    fn names(selection: &SelectionArguments) -> Vec<String> {
        selected(selection).unwrap().into_iter().map(|plan| plan.name).collect()
    }

    #[test]
    fn plans_are_selected_by_name_suite_name_and_group() {
        let all = names(&selection(&[], &[], &[]));
        let some = ["basic", "basic-dynamic", "config", "dynamic-code", "third-party-login-code", "formpost-hybrid"];
        for name in some.into_iter().chain(["backchannel-logout", "session-management"]) {
            assert!(all.iter().any(|known| known == name), "{name} is not in {all:?}");
        }
        assert_eq!(names(&selection(&["oidcc-config-certification-test-plan"], &[], &[])), ["config"]);
        assert_eq!(names(&selection(&["config", "hybrid"], &[], &[])), ["config", "hybrid"]);
        let openid = names(&selection(&["config"], &["oidc"], &[]));
        assert!(openid.iter().all(|name| !name.starts_with("fapi")) && openid.len() < all.len(), "{openid:?}");
        assert_eq!(names(&selection(&[], &["oidc", "fapi", "ciba"], &[])), all);
        assert_eq!(names(&selection(&[], &["all"], &[])), all);
    }

    #[test]
    fn the_quick_group_has_one_plan_of_each_file() {
        let quick = names(&selection(&[], &["quick"], &[]));
        for alone in ["config", "backchannel-logout", "session-management", "fapi2-security-rar"] {
            assert!(quick.iter().any(|name| name == alone), "{alone} is not in {quick:?}");
        }
        for family in ["dynamic-", "fapi1-advanced-", "fapi2-message-signing-", "fapi-ciba-", "third-party-login-"] {
            assert_eq!(quick.iter().filter(|name| name.starts_with(family)).count(), 1, "{family} in {quick:?}");
        }
        // A plan that is named as well is not run twice.
        assert_eq!(names(&selection(&["config"], &["quick"], &[])), quick);
    }

    #[test]
    fn a_variant_parameter_is_replaced_where_a_plan_has_it() {
        let plans = selected(&selection(&["basic"], &[], &[("client_registration", "dynamic_client")])).unwrap();
        assert_eq!(plans[0].file.variant["client_registration"], "dynamic_client");
        assert!(selected(&selection(&["config"], &[], &[("client_registration", "dynamic_client")])).is_err());
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(selected(&selection(&["nothing"], &[], &[])).is_err());
        assert!(selected(&selection(&[], &["nothing"], &[])).is_err());
    }
}
