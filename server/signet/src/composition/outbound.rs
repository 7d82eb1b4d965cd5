//! The one way out to other servers.

use std::sync::Arc;

use signet_core::ports::outbound::OutboundHttp;
use signet_outbound::{OutboundClient, OutboundSettings, SystemResolver};

use crate::command::{CommandError, CommandResult, Status};
use crate::config::Settings;

/// The client that the settings describe.
pub(crate) fn client(settings: &Settings) -> CommandResult<Arc<dyn OutboundHttp>> {
    let outbound = &settings.outbound;
    let outbound = OutboundSettings {
        allow_private_addresses: outbound.allow_private_addresses,
        allowed_networks: outbound.allowed_networks.clone(),
        ca_file: outbound.ca_file.as_ref().map(|file| file.0.clone()),
        ..OutboundSettings::default()
    };
    match OutboundClient::new(outbound, Arc::new(SystemResolver)) {
        Ok(client) => Ok(Arc::new(client)),
        Err(error) => {
            Err(CommandError::new(Status::Configuration, format!("{error}; correct outbound.ca_file or the file")))
        }
    }
}
