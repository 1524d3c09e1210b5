//! How a trunk and we prove who we are: our login there, our registration there, and the password that it proves itself with.

use std::time::Duration;

use crate::sip::api::{EnrolPlan, FlowId, TrunkAccount};
use crate::sip::login::Login;

use super::agents::user_and_hashes;
use super::fault::Faults;
use super::gateways::server_uri;
use super::tree::{Section, Text};
use super::values::{Names, socket};

/// What we say when this trunk asks who we are.
pub(super) fn login(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Login> {
    let mut section = section.item("login")?.section(faults)?;
    let login = user_and_password(&mut section, faults);
    section.finish(faults);
    login
}

fn user_and_password(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Login> {
    let remedy = "write what the carrier gave you: user = \"...\", password = \"...\"";
    let user = section.required("user", remedy, faults).and_then(|item| item.text(faults));
    let password = section.required("password", remedy, faults).and_then(|item| item.text(faults));
    Some(Login { user: user?.value.to_owned(), password: password?.value.to_owned() })
}

/// Our registration at this trunk, and what answers its challenge.
pub(super) fn register(section: &mut Section<'_>, flow: FlowId, faults: &mut Faults<'_>) -> Option<(EnrolPlan, Login)> {
    let mut section = section.item("register")?.section(faults)?;
    let remedy = "write the registrar that the carrier named, like server = \"sip:sip.example.com\"";
    let server = section.required("server", remedy, faults).and_then(|item| item.text(faults));
    let via = section.text("via", faults).and_then(|text| socket(&text, faults));
    let expires = section.seconds("expires_s", Duration::from_secs(600), 30..=86_400, faults);
    let login = user_and_password(&mut section, faults);
    let contact = section.text("contact_user", faults).and_then(|text| contact_user(&text, faults));
    section.finish(faults);
    let (server, login) = (server?, login?);
    let uri = server_uri(&server, faults)?;
    let plan = EnrolPlan {
        server: uri.to_owned(),
        via,
        flow,
        user: login.user.clone(),
        contact_user: contact.unwrap_or(&login.user).to_owned(),
        expires,
    };
    Some((plan, login))
}

fn contact_user<'a>(text: &Text<'a>, faults: &mut Faults<'_>) -> Option<&'a str> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.+".contains(&b);
    let is_user = !text.value.is_empty() && text.value.bytes().all(is_plain);
    if !is_user {
        faults.add(&text.place, format!("{:?} is no user part", text.value), "write letters, digits, and - _ . +");
    }
    is_user.then_some(text.value)
}

/// The password that this trunk proves itself with when its packets come from anywhere.
pub(super) fn account<'a>(
    section: &mut Section<'a>,
    realm: &str,
    users: &mut Names<'a>,
    faults: &mut Faults<'_>,
) -> Option<TrunkAccount> {
    let mut section = section.item("auth")?.section(faults)?;
    let account = user_and_hashes(&mut section, realm, users, faults);
    for key in ["password", "ha1_md5", "ha1_sha256"] {
        section.item(key);
    }
    section.finish(faults);
    account.map(|(user, ha1_md5, ha1_sha256)| TrunkAccount { user, ha1_md5, ha1_sha256 })
}
