//! Dialogs (RFC 3261 section 12): who the two ends are, the way between them, and the order of their requests.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use super::api::{FlowId, Transport};
use super::wire::{Headers, NameAddr, Request, Response, Uri};
use crate::base::limits::SIP_ROUTES_MAX;

const SIP_PORT: u16 = 5060;
const SIPS_PORT: u16 = 5061;

/// One dialog, early or confirmed. Texts are kept as they stood on the wire.
pub struct Dialog {
    pub call_id: Bytes,
    /// What our requests carry as From, tag included.
    pub local: Bytes,
    /// What our requests carry as To, the peer's tag included.
    pub remote: Bytes,
    pub remote_tag: Bytes,
    /// The remote target: the peer's Contact.
    pub target: Bytes,
    /// The route set, the nearest first, as values of Route.
    pub routes: Vec<Bytes>,
    pub local_cseq: u32,
    pub remote_cseq: Option<u32>,
    /// The dialog was made by the peer's INVITE, so the Call-ID is the peer's.
    pub theirs: bool,
    pub hop: Hop,
    /// Where a host name on the way has led. Boxed: most peers write addresses.
    found: Option<Box<Found>>,
}

/// Where the URI of the next hop leads, whose host is a name.
pub struct Found {
    uri: Bytes,
    /// The place at hand; one that does not answer is left for the next of those after it.
    place: Place,
    others: VecDeque<Place>,
}

/// An address, and what sends there or makes a connection, to whom was named.
pub type Place = (FlowId, SocketAddr);

/// Where packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Always there: an outbound proxy, or the address that a phone registered from.
    Fixed(SocketAddr),
    /// Where the first route or the remote target says; there while those are names that nobody has found yet.
    Follow(SocketAddr),
}

/// The first line and the Route values of a request inside a dialog (RFC 3261 section 12.2.1.1).
#[derive(Debug, PartialEq, Eq)]
pub struct Path<'a> {
    pub uri: &'a [u8],
    pub routes: Vec<&'a [u8]>,
    /// The remote target, which stands last in Route when the first proxy routes strictly.
    pub last: Option<&'a [u8]>,
}

/// More Record-Route entries than `SIP_ROUTES_MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRoutes;

impl Dialog {
    /// The callee's side; `local` is the To of our answers with our tag (RFC 3261 section 12.1.1).
    pub fn answering(request: &Request, local: Bytes, cseq: u32, source: SocketAddr) -> Result<Dialog, TooManyRoutes> {
        let from = request.from();
        let mut dialog = Dialog {
            call_id: copy(request.call_id()),
            local,
            remote: copy(from.raw),
            remote_tag: copy(from.tag),
            target: copy(from.uri.raw()),
            routes: routes(request)?,
            local_cseq: cseq,
            remote_cseq: Some(request.cseq().number),
            theirs: true,
            hop: Hop::Follow(source),
            found: None,
        };
        dialog.refresh(request.contact());
        Ok(dialog)
    }

    /// The caller's side, of the 2xx `response` to our INVITE to `uri`, sent as `local` (RFC 3261 section 12.1.2).
    pub fn asking(response: &Response, local: Bytes, uri: &[u8], hop: Hop) -> Result<Dialog, TooManyRoutes> {
        let to = response.to();
        let mut routes = routes(response)?;
        routes.reverse();
        let mut dialog = Dialog {
            call_id: copy(response.call_id()),
            local,
            remote: copy(to.raw),
            remote_tag: copy(to.tag),
            target: copy(uri),
            routes,
            local_cseq: response.cseq().number,
            remote_cseq: None,
            theirs: false,
            hop,
            found: None,
        };
        dialog.refresh(response.contact());
        Ok(dialog)
    }

    /// It was an early dialog, in which requests went both ways already.
    pub fn go_on_from(&mut self, early: Dialog) {
        (self.local_cseq, self.remote_cseq, self.found) = (early.local_cseq, early.remote_cseq, early.found);
    }

    /// Target refresh: the Contact of a (re-)INVITE or UPDATE, or of its 2xx (RFC 3261 section 12.2). True when it is another.
    pub fn refresh(&mut self, contact: Option<NameAddr<'_>>) -> bool {
        let other = contact.map(|contact| contact.uri).filter(|uri| uri.is_sip() && uri.raw() != &self.target[..]);
        if let Some(uri) = other {
            self.target = copy(uri.raw());
        }
        other.is_some()
    }

    /// The peer's tag and the Call-ID are those of `message`, a request that the peer sent inside this dialog.
    pub fn matches(&self, message: &Headers) -> bool {
        self.remote_tag == message.from_tag() && self.call_id == message.call_id()
    }

    /// False for a request that is older than one we have seen (RFC 3261 section 12.2.2).
    pub fn in_order(&mut self, cseq: u32) -> bool {
        if self.remote_cseq.is_some_and(|seen| cseq <= seen) {
            return false;
        }
        self.remote_cseq = Some(cseq);
        true
    }

    /// The CSeq of our next request.
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & (u32::MAX >> 1);
        self.local_cseq
    }

    /// Loose routing, or the fix-up for a strict router (RFC 3261 section 12.2.1.1).
    pub fn path(&self) -> Path<'_> {
        let routes = || self.routes.iter().map(|route| &route[..]);
        match self.routes.first().and_then(|first| NameAddr::read(first)) {
            Some(first) if !first.uri.params.has("lr") => {
                Path { uri: first.uri.raw(), routes: routes().skip(1).collect(), last: Some(&self.target) }
            }
            Some(_) | None => Path { uri: &self.target, routes: routes().collect(), last: None },
        }
    }

    /// Where requests go, when those of the peer come over `flow`. A connection serves while it `leads` to the peer, and then one is
    /// made to whom its URI named.
    pub fn way(&self, flow: FlowId, leads: impl Fn(FlowId, SocketAddr) -> bool) -> Place {
        let to = self.next_hop();
        let serves = |maker: FlowId| flow.is_stream() && flow.listener() == maker.listener() && leads(flow, to);
        let maker = self.found().map(|found| found.place.0).filter(|maker| !serves(*maker));
        (maker.unwrap_or(flow), to)
    }

    /// Notes where the next hop leads, whose URI is `uri`, the best place first.
    pub fn found_at(&mut self, uri: Bytes, places: impl IntoIterator<Item = Place>) {
        let mut others: VecDeque<Place> = places.into_iter().collect();
        self.found = others.pop_front().map(|place| Box::new(Found { uri, place, others }));
    }

    /// The place at hand does not answer: true when there is another.
    pub fn try_next_place(&mut self) -> bool {
        let next = self.found.as_mut().and_then(|found| found.others.pop_front().map(|next| (found, next)));
        let moved = next.map(|(found, next)| found.place = next);
        moved.is_some()
    }

    /// The address of the next hop.
    pub fn next_hop(&self) -> SocketAddr {
        match self.hop {
            Hop::Fixed(address) => address,
            Hop::Follow(source) => {
                let address = self.next_uri().and_then(|uri| address_of(&uri));
                address.or(self.found().map(|found| found.place.1)).unwrap_or(source)
            }
        }
    }

    /// Whether it is known where the next hop leads.
    pub fn is_found(&self) -> bool {
        self.found().is_some()
    }

    fn found(&self) -> Option<&Found> {
        let uri = self.next_uri()?;
        self.found.as_deref().filter(|found| uri.raw() == &found.uri[..])
    }

    /// The URI of the next hop, if the way follows it.
    pub fn next_uri(&self) -> Option<Uri<'_>> {
        if matches!(self.hop, Hop::Fixed(_)) {
            return None;
        }
        let first = self.routes.first().and_then(|first| NameAddr::read(first));
        first.map(|first| first.uri).or_else(|| Uri::read(&self.target))
    }
}

/// The address and port that a URI names; `None` for a host name.
pub fn address_of(uri: &Uri<'_>) -> Option<SocketAddr> {
    let address = uri.host?.address()?;
    let usual = if uri.transport() == Some(Transport::Tls) { SIPS_PORT } else { SIP_PORT };
    Some(SocketAddr::new(address, uri.port.unwrap_or(usual)))
}

fn routes(message: &Headers) -> Result<Vec<Bytes>, TooManyRoutes> {
    let routes: Vec<Bytes> = message.record_routes().take(SIP_ROUTES_MAX + 1).map(|route| copy(route.raw)).collect();
    if routes.len() > SIP_ROUTES_MAX { Err(TooManyRoutes) } else { Ok(routes) }
}

/// A copy, so that a dialog of hours does not keep whole datagrams alive.
fn copy(part: &[u8]) -> Bytes {
    Bytes::copy_from_slice(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)), 5062);

    fn dialog(contact: &str, record_routes: &str) -> Dialog {
        let invite = format!(
            "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK1\r\n{record_routes}\
             From: <sip:b@example.com>;tag=peer\r\nTo: <sip:a@example.com>\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n\
             Contact: {contact}\r\n\r\n"
        );
        let request = Request::parse(Bytes::from(invite)).expect("an INVITE");
        Dialog::answering(&request, Bytes::from("<sip:a@example.com>;tag=own"), 1, SOURCE).expect("few routes")
    }

    /// The Request-URI, the routes and the next hop.
    fn check(contact: &str, record_routes: &str, expect: (&str, &[&str], &str)) {
        let dialog = dialog(contact, record_routes);
        let path = dialog.path();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let routes: Vec<String> =
            path.routes.iter().copied().map(text).chain(path.last.map(|last| format!("<{}>", text(last)))).collect();
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        assert_eq!((text(path.uri).as_str(), routes.as_slice(), dialog.next_hop().to_string().as_str()), expect);
    }

    #[test]
    fn without_routes_the_contact_is_the_way() {
        check("<sip:b@192.0.2.77:5070>", "", ("sip:b@192.0.2.77:5070", &[], "192.0.2.77:5070"));
        check("<sip:b@pbx.example.com>", "", ("sip:b@pbx.example.com", &[], "192.0.2.9:5062"));
    }

    #[test]
    fn loose_routes_stand_before_the_target() {
        let routes =
            "Record-Route: <sip:192.0.2.5;lr>, <sip:p2.example.com;lr=on>\r\nRecord-Route: <sip:p3.example.com;lr>\r\n";
        let expect: &[&str] = &["<sip:192.0.2.5;lr>", "<sip:p2.example.com;lr=on>", "<sip:p3.example.com;lr>"];
        check("<sip:b@192.0.2.77>", routes, ("sip:b@192.0.2.77", expect, "192.0.2.5:5060"));
    }

    #[test]
    fn a_strict_router_stands_in_the_first_line() {
        let routes = "Record-Route: <sip:192.0.2.5:5080>, <sip:p2.example.com;lr>\r\n";
        let expect: &[&str] = &["<sip:p2.example.com;lr>", "<sip:b@192.0.2.77>"];
        check("<sip:b@192.0.2.77>", routes, ("sip:192.0.2.5:5080", expect, "192.0.2.5:5080"));
    }

    #[test]
    fn the_caller_takes_the_routes_the_other_way_round() {
        let answer = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nRecord-Route: <sip:p2.example.com;lr>\r\n\
                      Record-Route: <sip:192.0.2.5;lr>\r\nFrom: <sip:a@example.com>;tag=own\r\nTo: <sip:b@example.com>;tag=peer\r\n\
                      Call-ID: c1\r\nCSeq: 4 INVITE\r\nContact: <sip:b@192.0.2.77>\r\n\r\n";
        let response = Response::parse(Bytes::from(answer)).expect("an answer");
        let mut dialog = Dialog::asking(
            &response,
            Bytes::from("<sip:a@example.com>;tag=own"),
            b"sip:b@example.com",
            Hop::Follow(SOURCE),
        )
        .expect("few routes");
        assert_eq!(dialog.routes, ["<sip:192.0.2.5;lr>", "<sip:p2.example.com;lr>"]);
        assert_eq!((dialog.next_hop().to_string().as_str(), dialog.next_cseq()), ("192.0.2.5:5060", 5));
    }

    #[test]
    fn requests_come_in_order() {
        let mut dialog = dialog("<sip:b@192.0.2.77>", "");
        assert_eq!([6, 7, 8, 8, 20].map(|cseq| dialog.in_order(cseq)), [false, false, true, false, true]);
    }

    #[test]
    fn too_many_routes_are_refused() {
        let routes =
            format!("Record-Route: <sip:p.example.com;lr>{}\r\n", ", <sip:p.example.com;lr>".repeat(SIP_ROUTES_MAX));
        let invite = format!(
            "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n{routes}\
             From: <sip:b@example.com>;tag=p\r\nTo: <sip:a@example.com>\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n\r\n"
        );
        let request = Request::parse(Bytes::from(invite)).expect("an INVITE");
        assert!(Dialog::answering(&request, Bytes::new(), 1, SOURCE).is_err());
    }
}
