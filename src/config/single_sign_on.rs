//! The provider of OpenID Connect where people sign in, and which of its groups gives which role.

use oidc::{DEFAULT_ROLE_CLAIMS, RoleMap, Settings};

use super::{
    Reader,
    auth::secret,
    reader::{Name, list, name},
};

/// Where the provider sends browsers back to, below `BASE_URL`.
const CALLBACK: &str = "/api/session/callback";
/// Where the provider posts logout tokens to, below `BASE_URL`.
const BACK_CHANNEL_LOGOUT: &str = "/api/session/back-channel-logout";

/// From the lowest to the highest; those of `identity`, which a test of its compares.
pub const ROLES: [&str; 5] = ["member", "analyst", "manager", "admin", "owner"];

const ISSUER: Name = name("single_sign_on.issuer", "OIDC_ISSUER");
const CLIENT_ID: Name = name("single_sign_on.client_id", "OIDC_CLIENT_ID");
const CLIENT_SECRET: Name = name("single_sign_on.client_secret", "OIDC_CLIENT_SECRET");
const SCOPES: Name = name("single_sign_on.scopes", "OIDC_SCOPES");
const ROLE_CLAIM: Name = name("single_sign_on.role_claim", "OIDC_ROLE_CLAIM");
const ROLE_MAP: Name = name("single_sign_on.role_map", "OIDC_ROLE_MAP");
const DEFAULT_ROLE: Name = name("single_sign_on.default_role", "OIDC_DEFAULT_ROLE");
const TRUSTED_AUDIENCES: Name = name("single_sign_on.trusted_audiences", "OIDC_TRUSTED_AUDIENCES");

/// A provider that is configured.
#[derive(Clone, Debug)]
pub struct SingleSignOn {
    /// `OIDC_ISSUER`, `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET` (unset: a public client), `OIDC_SCOPES` and
    /// `OIDC_TRUSTED_AUDIENCES`.
    pub provider: Settings,
    /// `OIDC_ROLE_MAP`, over the claims of `OIDC_ROLE_CLAIM`.
    pub roles: RoleMap,
    /// `OIDC_DEFAULT_ROLE`: of somebody whom no group gives a role. Unset: such a person is not let in.
    pub default_role: Option<&'static str>,
    /// To be registered at the provider, as `provider.redirect_uri`.
    pub back_channel_logout_uri: String,
}

/// The settings as they were found.
struct Found {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
    role_claim: Option<String>,
    role_map: Option<String>,
    default_role: Option<&'static str>,
    trusted_audiences: Option<Vec<String>>,
}

impl SingleSignOn {
    /// `None` when nothing of it is set.
    pub(super) fn read(r: &mut Reader, base_url: &str) -> Option<Self> {
        let found = Found::read(r);
        let is_anything_set = found.is_anything_set();
        let (Some(issuer), Some(client_id)) = (&found.issuer, &found.client_id) else {
            if is_anything_set {
                let missing = [(ISSUER, &found.issuer), (CLIENT_ID, &found.client_id)];
                for (name, _) in missing.iter().filter(|(_, value)| value.is_none()) {
                    let message = "is missing: single sign-on needs OIDC_ISSUER and OIDC_CLIENT_ID";
                    r.fault(name.variable, message);
                }
            }
            return None;
        };
        let provider = Settings {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: found.client_secret,
            redirect_uri: format!("{base_url}{CALLBACK}"),
            scopes: found
                .scopes
                .unwrap_or_else(|| ["openid", "profile", "email"].map(str::to_owned).into()),
            trusted_audiences: found.trusted_audiences.unwrap_or_default(),
        };
        if let Err(e) = provider.check() {
            r.fault(ISSUER.variable, &e.to_string());
        }
        let role_map = found.role_map.as_deref().unwrap_or_default();
        if role_map.is_empty() && found.default_role.is_none() {
            let message = "is missing, and OIDC_DEFAULT_ROLE too: nobody could sign in";
            r.fault(ROLE_MAP.variable, message);
        }
        let claims = found.role_claim.as_deref().unwrap_or(DEFAULT_ROLE_CLAIMS);
        let roles = RoleMap::parse(role_map, claims, client_id, &ROLES)
            .map_err(|e| r.fault(ROLE_MAP.variable, &e.to_string()))
            .ok()?;
        Some(Self {
            provider,
            roles,
            default_role: found.default_role,
            back_channel_logout_uri: format!("{base_url}{BACK_CHANNEL_LOGOUT}"),
        })
    }
}

impl Found {
    fn read(r: &mut Reader) -> Self {
        let words = |value: &str| Ok(Some(value.split_whitespace().map(str::to_owned).collect()));
        let audiences = |value: &str| list(|one| Ok(one.to_owned()))(value).map(Some);
        Self {
            issuer: r.read(ISSUER, None, text),
            client_id: r.read(CLIENT_ID, None, text),
            client_secret: r.read(CLIENT_SECRET, None, |value| {
                secret(value).map(|s| s.map(|s| s.expose().to_owned()))
            }),
            scopes: r.read(SCOPES, None, words),
            role_claim: r.read(ROLE_CLAIM, None, text),
            role_map: r.read(ROLE_MAP, None, text),
            default_role: r.read(DEFAULT_ROLE, None, role),
            trusted_audiences: r.read(TRUSTED_AUDIENCES, None, audiences),
        }
    }

    fn is_anything_set(&self) -> bool {
        let texts = [
            &self.issuer,
            &self.client_id,
            &self.client_secret,
            &self.role_claim,
            &self.role_map,
        ];
        texts.iter().any(|text| text.is_some())
            || self.scopes.is_some()
            || self.default_role.is_some()
            || self.trusted_audiences.is_some()
    }
}

fn text(value: &str) -> Result<Option<String>, String> {
    if value.is_empty() {
        return Err("must not be blank; leave it out to have none".to_owned());
    }
    Ok(Some(value.to_owned()))
}

fn role(value: &str) -> Result<Option<&'static str>, String> {
    let found = ROLES.into_iter().find(|role| *role == value);
    let unknown = || format!("`{value}` is no role; roles are {}", ROLES.join(", "));
    found.map(Some).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 3] = [
        ("OIDC_ISSUER", "https://id.example.org/realms/a"),
        ("OIDC_CLIENT_ID", "qr"),
        ("OIDC_ROLE_MAP", "qr-admins=admin"),
    ];

    /// With the names of faulty settings.
    fn read(pairs: &[(&str, &str)]) -> (Option<SingleSignOn>, Vec<String>) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut reader = Reader::new(pairs.iter().map(owned));
        let read = SingleSignOn::read(&mut reader, "https://qr.example/codes");
        let faults = reader.finish();
        (read, faults.into_iter().map(|f| f.setting).collect())
    }

    #[test]
    fn it_is_all_there_or_nothing() {
        assert!(matches!(read(&[]), (None, faults) if faults.is_empty()));
        let (read_all, faults) = read(&ALL);
        assert_eq!(faults, [""; 0]);
        let settings = read_all.unwrap();
        let uri = "https://qr.example/codes/api/session/callback";
        assert_eq!(settings.provider.redirect_uri, uri);
        assert_eq!(settings.provider.scopes, ["openid", "profile", "email"]);
        assert_eq!(read(&ALL[1..2]).1, ["OIDC_ISSUER"]);
        assert_eq!(read(&ALL[2..]).1, ["OIDC_ISSUER", "OIDC_CLIENT_ID"]);
        assert_eq!(read(&ALL[..1]).1, ["OIDC_CLIENT_ID"]);
        // Then nobody could get in.
        assert_eq!(read(&ALL[..2]).1, ["OIDC_ROLE_MAP"]);
        let open = [&ALL[..2], &[("OIDC_DEFAULT_ROLE", "member")]].concat();
        assert_eq!(read(&open).0.unwrap().default_role, Some("member"));
    }

    #[test]
    fn every_fault_is_named() {
        let (_, faults) = read(&[
            ("OIDC_ISSUER", "http://id.example.org"),
            ("OIDC_CLIENT_ID", "qr"),
            ("OIDC_ROLE_MAP", "qr-admins=boss"),
            ("OIDC_DEFAULT_ROLE", "king"),
        ]);
        let expected = ["OIDC_DEFAULT_ROLE", "OIDC_ISSUER", "OIDC_ROLE_MAP"];
        assert_eq!(faults, expected);
    }

    #[test]
    fn the_secret_is_not_printed() {
        let with = [&ALL[..], &[("OIDC_CLIENT_SECRET", "hunter2")]].concat();
        let (settings, _) = read(&with);
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
