//! Who may do what: one closed list of actions, one table, one function without I/O.
//!
//! Invariant: what a caller may do is role ∧ scope ∧ via. No role in another organization gives a right over the installation.

use super::caller::{Caller, Via};
use crate::{
    kernel::{clock::Timestamp, label},
    store::organizations::{Organizations, Role},
};

label! {
    /// Part of a role that a key can be bounded to.
    Scope {
        CodesRead = "codes:read",
        CodesWrite = "codes:write",
        Render = "render",
        StylesWrite = "styles:write",
        AnalyticsRead = "analytics:read",
        EventsWrite = "events:write",
        EventsCheckin = "events:checkin",
        MembersRead = "members:read",
        MembersWrite = "members:write",
        OrgWrite = "org:write",
        OpsRead = "ops:read",
        OpsWrite = "ops:write",
    }
}

/// Scopes as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u16);

impl Scopes {
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// In the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// As stored: labels with spaces between them. What a newer release knows is left out: it gives no right here.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split_whitespace()
            .filter_map(Scope::from_label)
            .collect()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (nth, scope) in self.iter().enumerate() {
            let space = if nth > 0 { " " } else { "" };
            write!(f, "{space}{}", scope.label())?;
        }
        Ok(())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | bit(scope)))
    }
}

fn bit(scope: Scope) -> u16 {
    let nth = Scope::ALL.iter().position(|one| *one == scope);
    nth.map_or(0, |nth| 1 << nth)
}

/// How a caller has to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// In any way; a key needs the scope.
    Any(Option<Scope>),
    /// Any that a person uses: a session, or Basic.
    Person,
    /// A session.
    Session,
    /// A key with the scope, Basic, or a session in which the person proved a moment ago to be who they are.
    Fresh(Scope),
    /// A session in which the person proved a moment ago to be who they are.
    FreshSession,
}

/// What an action asks for.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The least role.
    pub role: Role,
    pub proof: Proof,
    /// The role counts in the organization of the installation only.
    pub installation: bool,
}

/// Declares the actions: name, label, least role, proof, and `installation` for those of the whole installation.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $label:literal: $role:ident, $proof:expr $(, $installation:ident)?;)+) => {
        label! {
            /// What a caller does.
            Action { $($(#[$doc])* $action = $label),+ }
        }

        impl Action {
            /// What it asks for.
            #[must_use]
            pub const fn rule(self) -> Rule {
                match self {
                    $(Self::$action => Rule {
                        role: Role::$role,
                        proof: $proof,
                        installation: actions!(@ $($installation)?),
                    },)+
                }
            }
        }

        /// The actions as types: what a handler takes `May<…>` of.
        pub mod act {
            $(
                $(#[$doc])*
                pub struct $action;

                impl super::Act for $action {
                    const ACTION: super::Action = super::Action::$action;
                }
            )+
        }
    };
    (@) => { false };
    (@ installation) => { true };
}

/// An action as a type.
pub trait Act: Send + Sync + 'static {
    const ACTION: Action;
}

use Proof::{Any, Fresh, FreshSession, Person, Session};

actions! {
    /// See codes and their images.
    ViewCodes = "codes.view": Member, Any(Some(Scope::CodesRead));
    /// Make, change and delete codes.
    EditCodes = "codes.edit": Manager, Any(Some(Scope::CodesWrite));
    /// Draw symbols without a code, where that is not public.
    Render = "symbols.render": Member, Any(Some(Scope::Render));
    /// See events, who is invited, and the ledger.
    ViewEvents = "events.view": Manager, Any(Some(Scope::EventsWrite));
    /// Make, change and delete events; import, block, and give out tokens.
    EditEvents = "events.edit": Manager, Any(Some(Scope::EventsWrite));
    /// Look at tokens, and let people in and out.
    CheckIn = "events.checkin": Manager, Any(Some(Scope::EventsCheckin));
    /// See how often codes are scanned.
    ViewAnalytics = "analytics.view": Analyst, Any(Some(Scope::AnalyticsRead));
    /// See single scans.
    ViewScans = "scans.view": Analyst, Any(Some(Scope::AnalyticsRead));
    /// See one's organizations.
    ViewOrganization = "organization.view": Member, Any(None);
    /// Make another organization.
    MakeOrganization = "organization.create": Member, Person;
    /// Change an organization's name and time zone.
    EditOrganization = "organization.edit": Admin, Any(Some(Scope::OrgWrite));
    /// Delete an organization with all that it has.
    DeleteOrganization = "organization.delete": Owner, FreshSession;
    /// Make another member the owner.
    TransferOrganization = "organization.transfer": Owner, FreshSession;
    /// Accept an invitation.
    JoinOrganization = "organization.join": Member, Person;
    /// Leave an organization.
    LeaveOrganization = "organization.leave": Member, Session;
    /// See who is a member.
    ViewMembers = "members.view": Analyst, Any(Some(Scope::MembersRead));
    /// See and revoke invitations.
    ViewInvitations = "members.invitations": Admin, Any(Some(Scope::MembersWrite));
    /// Invite members.
    Invite = "members.invite": Admin, Fresh(Scope::MembersWrite);
    /// Give a member another role.
    ChangeRole = "members.role": Admin, Fresh(Scope::MembersWrite);
    /// Remove a member.
    RemoveMember = "members.remove": Admin, Fresh(Scope::MembersWrite);
    /// See and revoke the keys of all members.
    ManageKeys = "keys.manage": Admin, Person;
    /// See who changed what.
    ViewAudit = "audit.view": Admin, Any(Some(Scope::OrgWrite));
    /// See one's own account, and the scopes of one's key.
    ViewAccount = "account.view": Member, Any(None);
    /// Replace one's password.
    ChangePassword = "account.password": Member, Session;
    /// See where one is signed in.
    ViewSessions = "account.sessions.view": Member, Session;
    /// Sign out, here and elsewhere.
    EndSessions = "account.sessions.end": Member, Session;
    /// See one's own keys.
    ViewOwnKeys = "account.keys.view": Member, Person;
    /// Make a key of one's own.
    MakeKey = "account.keys.create": Member, FreshSession;
    /// Revoke a key of one's own.
    RevokeOwnKey = "account.keys.revoke": Member, Session;
    /// Begin a session with what a browser's dialog asked for.
    StartSession = "session.start": Member, Person;
    /// See one's session, switch its organization, prove again who one is.
    UseSession = "session.use": Member, Session;
    /// See rollouts.
    ViewRollout = "rollout.view": Analyst, Any(Some(Scope::OpsRead)), installation;
    /// Turn the dials of rollouts.
    ChangeRollout = "rollout.change": Admin, Any(Some(Scope::OpsWrite)), installation;
    /// See the caches.
    ViewCache = "cache.view": Analyst, Any(Some(Scope::OpsRead)), installation;
    /// Clear and warm the caches.
    ChangeCache = "cache.change": Admin, Any(Some(Scope::OpsWrite)), installation;
}

/// What the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// The role is not among those that may.
    NotIn(&'static [Role]),
    /// The same, and the roles count in the organization of the installation only.
    NotInInstallation(&'static [Role]),
    /// The key lacks a scope.
    NeedsScope(Scope),
    /// Only people do this: no key.
    NeedsPerson,
    NeedsSession,
    /// The person has to prove again to be who they are.
    NeedsStepUp,
}

/// Whether `caller` may do `action`, at the time `now`.
#[must_use]
pub fn decide(caller: &Caller, action: Action, now: Timestamp) -> Decision {
    let rule = action.rule();
    let roles = at_least(rule.role);
    if rule.installation && caller.organization().id() != Organizations::DEFAULT {
        return Decision::NotInInstallation(roles);
    }
    if !roles.contains(&caller.role()) {
        return Decision::NotIn(roles);
    }
    match (rule.proof, caller.via()) {
        (Any(None), _)
        | (Any(Some(_)), Via::Session(_) | Via::Basic { .. })
        | (Person | Fresh(_), Via::Basic { .. })
        | (Person | Session, Via::Session(_)) => Decision::Allowed,
        (Any(Some(scope)) | Fresh(scope), Via::Key(key)) => match key.scopes {
            Some(scopes) if !scopes.has(scope) => Decision::NeedsScope(scope),
            _ => Decision::Allowed,
        },
        (Fresh(_) | FreshSession, Via::Session(session)) => {
            if session.is_fresh(now) {
                Decision::Allowed
            } else {
                Decision::NeedsStepUp
            }
        }
        (Person, Via::Key(_)) => Decision::NeedsPerson,
        (Session | FreshSession, Via::Key(_) | Via::Basic { .. }) => Decision::NeedsSession,
    }
}

/// The roles from the highest down to this one.
#[must_use]
pub fn at_least(role: Role) -> &'static [Role] {
    const ALL: &[Role] = &Role::ALL;
    let nth = ALL.iter().position(|one| *one == role).unwrap_or(0);
    ALL.get(..=nth).unwrap_or(ALL)
}

/// The scopes that a key of this role may have.
#[must_use]
pub fn scopes_of(role: Role, is_installation: bool) -> Scopes {
    let has = |scope: &Scope| {
        let (least, installation) = least_role(*scope);
        // Members check in where they were assigned; analysts never are.
        let is_assigned = *scope != Scope::EventsCheckin || role != Role::Analyst;
        at_least(least).contains(&role) && (is_installation || !installation) && is_assigned
    };
    Scope::ALL.into_iter().filter(has).collect()
}

/// The least role that has something of a scope; and whether it counts in the organization of the installation only.
const fn least_role(scope: Scope) -> (Role, bool) {
    match scope {
        Scope::CodesRead | Scope::Render | Scope::EventsCheckin => (Role::Member, false),
        Scope::AnalyticsRead | Scope::MembersRead => (Role::Analyst, false),
        Scope::CodesWrite | Scope::StylesWrite | Scope::EventsWrite => (Role::Manager, false),
        Scope::MembersWrite | Scope::OrgWrite => (Role::Admin, false),
        Scope::OpsRead => (Role::Analyst, true),
        Scope::OpsWrite => (Role::Admin, true),
    }
}

#[cfg(test)]
mod tests;
