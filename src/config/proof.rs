//! How a trunk and we prove who we are: our login there.

use crate::sip::login::Login;

use super::fault::Faults;
use super::tree::Section;

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
