//! The account page of owners (User-Managed Access 2.0): what they have, who may do what with it, and who asks.

use std::collections::BTreeMap;

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::account::Account;
use signet_core::events::RefusedAt;
use signet_core::failure::{Failure, Fault};
use signet_core::model::{UmaPolicy, UmaRequest};
use signet_core::protocol::identifiers::{ClientId, UserId};
use signet_core::protocol::parameters::Parameters;
use signet_core::uma::{self, OwnedResource, Sharing, SharingOutcome};

use super::account::{account, answered, failed, form, path};
use super::authorize::client_view;
use crate::call::{Call, PageCall};
use crate::pages::{
    AccessRequestView, CalendarDay, ChoiceView, ClientView, DisplayText, ErrorProblem, Hidden, OwnPath, Page,
    PolicyView, ResourceView, SharingNews, SharingPage, WantedView,
};
use crate::render;

#[handler]
pub(crate) async fn list(PageCall(call): PageCall) -> Response {
    if !call.realm.realm.settings.uma {
        return render::not_found_page(&call.app, &call.head);
    }
    let after = match call.head.query_parameters() {
        Ok(parameters) => parameters.get("after").map(str::to_owned),
        Err(refusal) => return render::failure_page(&call, refusal.into(), ErrorProblem::Request),
    };
    match account(&call).await {
        Ok(account) => page(&call, &account, (after.as_deref(), None)).await,
        Err(response) => *response,
    }
}

#[handler]
pub(crate) async fn change(PageCall(call): PageCall, body: Body) -> Response {
    if !call.realm.realm.settings.uma {
        return render::not_found_page(&call.app, &call.head);
    }
    let (account, fields) = match answered(&call, body).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let outcome = changed(&call, account.user.id, &fields).await;
    match call.serving().conclude(&call.realm, outcome, (RefusedAt::Account, None)).await {
        Ok(news) => page(&call, &account, (None, Some(news))).await,
        Err(failure) => failed(&call, failure),
    }
}

async fn changed(call: &Call, owner: UserId, fields: &Parameters) -> Result<SharingNews, Failure> {
    let (serving, realm) = (call.serving(), &call.realm);
    let field = |name: &str| fields.get(name).unwrap_or_default();
    let (request, resource) = (field("request"), field("resource"));
    let done = |done: bool, news| if done { news } else { SharingNews::Gone };
    Ok(match field("action") {
        "allow" => done(uma::answer_uma_request(&serving, realm, (owner, request), true).await?, SharingNews::Allowed),
        "deny" => done(uma::answer_uma_request(&serving, realm, (owner, request), false).await?, SharingNews::Denied),
        "share" => {
            let scopes: Vec<&str> = fields.all("scope").collect();
            let sharing = Sharing { resource, username: field("username"), scopes: &scopes };
            match uma::share(&serving, realm, (owner, call.head.address), sharing).await? {
                SharingOutcome::Shared => SharingNews::Shared,
                SharingOutcome::Nobody => SharingNews::Nobody,
                SharingOutcome::TooManyAttempts => SharingNews::Throttled,
                SharingOutcome::Gone => SharingNews::Gone,
            }
        }
        "take-back" => {
            let taken = uma::take_back(&serving, realm, (owner, resource), field("policy")).await?;
            done(taken, SharingNews::TakenBack)
        }
        "ask" => done(uma::let_ask(&serving, realm, (owner, resource), true).await?, SharingNews::Asking),
        "do-not-ask" => done(uma::let_ask(&serving, realm, (owner, resource), false).await?, SharingNews::NotAsking),
        _ => SharingNews::Gone,
    })
}

async fn page(call: &Call, account: &Account, (after, outcome): (Option<&str>, Option<SharingNews>)) -> Response {
    match shown(call, account, (after, outcome)).await {
        Ok(page) => {
            let mut response = render::page(call, &Page::Sharing(page));
            if outcome == Some(SharingNews::Throttled) {
                render::ask_again_later(&mut response, StatusCode::TOO_MANY_REQUESTS);
            }
            response
        }
        Err(fault) => failed(call, fault.into()),
    }
}

async fn shown(
    call: &Call,
    account: &Account,
    (after, outcome): (Option<&str>, Option<SharingNews>),
) -> Result<SharingPage, Fault> {
    let (provider, realm, owner) = (&call.app.provider, &call.realm, account.user.id);
    let waiting = uma::waiting_uma_requests(provider, realm, owner).await?;
    let (listed, has_more) = uma::owned_resources(provider, realm, (owner, after)).await?;
    let last = listed.last().filter(|_| has_more).map(|last| last.resource.id);
    let sharing = path(call, "sharing");
    let mut names = Names { call, people: BTreeMap::new(), clients: BTreeMap::new() };
    let (mut requests, mut resources) = (Vec::new(), Vec::new());
    for request in &waiting {
        requests.push(names.request(request).await?);
    }
    for resource in &listed {
        resources.push(names.resource(resource).await?);
    }
    Ok(SharingPage {
        user: DisplayText::new(&account.user.username),
        requests,
        resources,
        more: last.map(|last| OwnPath::new(&format!("{}?after={last}", sharing.as_str()))),
        form: form(call, account, "sharing"),
        outcome,
    })
}

/// What people and applications are called, each looked up once.
struct Names<'a> {
    call: &'a Call,
    people: BTreeMap<UserId, Option<DisplayText>>,
    clients: BTreeMap<ClientId, ClientView>,
}

impl Names<'_> {
    /// The login name of a person who is still there.
    async fn person(&mut self, id: UserId) -> Result<Option<DisplayText>, Fault> {
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        let found = self.call.app.provider.store.user(self.call.realm.id(), id).await?;
        let name = found.map(|user| DisplayText::new(&user.username));
        self.people.insert(id, name.clone());
        Ok(name)
    }

    /// What a scope is called.
    fn scope(&self, scope: &str) -> DisplayText {
        DisplayText::whole(uma::name_of_scope(&self.call.realm, scope))
    }

    async fn client(&mut self, id: &ClientId) -> Result<ClientView, Fault> {
        if let Some(known) = self.clients.get(id) {
            return Ok(known.clone());
        }
        let language = self.call.head.locale(&[]).tag();
        let found = self.call.app.provider.store.client(self.call.realm.id(), id).await?;
        let view = match found {
            Some(client) => client_view(&client, language),
            None => {
                ClientView { name: DisplayText::new(id.as_str()), logo: None, home: None, policy: None, terms: None }
            }
        };
        self.clients.insert(id.clone(), view.clone());
        Ok(view)
    }

    async fn request(&mut self, request: &UmaRequest) -> Result<AccessRequestView, Fault> {
        let call = self.call;
        let mut wanted = Vec::new();
        for permission in &request.permissions {
            let found = call.app.provider.store.uma_resource(call.realm.id(), permission.resource_id).await?;
            let name = found.and_then(|resource| resource.description.name);
            wanted.push(WantedView {
                name: DisplayText::new(&name.unwrap_or_else(|| permission.resource_id.to_string())),
                scopes: permission.resource_scopes.iter().map(|scope| self.scope(scope)).collect(),
            });
        }
        let person = self.person(request.user_id).await?;
        Ok(AccessRequestView {
            id: Hidden::new(request.id.to_string()),
            person: person.unwrap_or_else(|| DisplayText::new(&request.user_id.to_string())),
            client: self.client(&request.client_id).await?,
            wanted,
            minutes_ago: call.app.provider.now().since(request.created_at).max(0) / 60,
        })
    }

    async fn resource(&mut self, owned: &OwnedResource) -> Result<ResourceView, Fault> {
        let (resource, description) = (&owned.resource, &owned.resource.description);
        let mut policies = Vec::new();
        for (name, policy) in &owned.policies {
            policies.push(self.policy(name, policy).await?);
        }
        let scope = |scope| ChoiceView { value: Hidden::new(scope), label: self.scope(scope) };
        let scopes = resource.scopes(self.call.app.provider.now()).map(scope).collect();
        Ok(ResourceView {
            id: Hidden::new(resource.id.to_string()),
            name: DisplayText::new(&description.name.clone().unwrap_or_else(|| resource.id.to_string())),
            description: description.description.as_deref().map(DisplayText::passage),
            server: self.client(&resource.keeper.server).await?.name,
            scopes,
            asks: resource.policies.iter().any(|policy| policy.ask),
            policies,
        })
    }

    async fn policy(&mut self, name: &str, policy: &UmaPolicy) -> Result<PolicyView, Fault> {
        let (mut people, mut clients) = (Vec::new(), Vec::new());
        for user in &policy.users {
            people.extend(self.person(*user).await?);
        }
        for client in &policy.clients {
            clients.push(self.client(client).await?.name);
        }
        let claim = |(name, values): (&String, &Vec<serde_json::Value>)| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            DisplayText::new(&format!("{name}: {}", values.join(" | ")))
        };
        Ok(PolicyView {
            name: Hidden::new(name),
            owner: policy.owner,
            people,
            claims: policy.claims.iter().map(claim).collect(),
            clients,
            scopes: policy.scopes.iter().map(|scope| self.scope(scope)).collect(),
            ask: policy.ask,
            until: policy.expires_at.map(|until| CalendarDay::from_unix_seconds(until.0)),
        })
    }
}
