//! From a provider's claims to one role, with the reasons.

use std::{error, fmt};

use serde_json::{Map, Value};

/// Where the role of a user may be, unless a setting says otherwise. Keycloak writes all three.
pub const DEFAULT_ROLE_CLAIMS: &str = "groups,realm_access.roles,resource_access.<client>.roles";

/// Which group of a provider's gives which role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMap {
    rules: Vec<Rule>,
    paths: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    group: String,
    role: String,
    /// Place in the list of roles; the highest wins.
    rank: usize,
}

/// What the claims say about the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No claim: the provider does not say. The role stays as it is.
    Absent,
    /// The highest role that a claim gives, and the sentence why.
    Role { role: String, why: String },
    /// A claim without a group that has a role: a role that the provider gave is taken away.
    NoMatch,
}

/// A decision, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub decision: Decision,
    /// One for each value of each claim, or for a claim without a value. For a dry run.
    pub steps: Vec<Step>,
}

/// What one value of a claim did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The path of the claim.
    pub claim: String,
    /// The value in the claim, as it is there.
    pub value: Option<String>,
    pub role: Option<String>,
    pub why: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or("-");
        let role = self.role.as_deref().unwrap_or("-");
        write!(f, "{}: {value} → {role} ({})", self.claim, self.why)
    }
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRoleMap(String);

impl fmt::Display for BadRoleMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for BadRoleMap {}

impl RoleMap {
    /// Reads `group=role,group=role` and the claims that groups are taken from, `path,path`.
    ///
    /// `ranks` are the roles there are, from the lowest to the highest. In a path, `.` leads into an object, and `<client>`
    /// is the client id. A group may contain `=`; one `/` in front of it does not count, here and in a claim.
    ///
    /// # Errors
    ///
    /// For a rule that is not `group=role`, a role that there is not, a group with two roles, and a list without a path.
    pub fn parse(
        rules: &str,
        claims: &str,
        client_id: &str,
        ranks: &[&str],
    ) -> Result<Self, BadRoleMap> {
        let mut map = Self {
            rules: Vec::new(),
            paths: entries(claims)
                .map(|path| path.replace("<client>", client_id))
                .collect(),
        };
        if map.paths.is_empty() {
            return Err(BadRoleMap("no claim is named".to_owned()));
        }
        for entry in entries(rules) {
            let rule = Rule::parse(entry, ranks)?;
            if map.rules.iter().any(|other| other.group == rule.group) {
                let why = format!("the group {:?} has two roles", rule.group);
                return Err(BadRoleMap(why));
            }
            map.rules.push(rule);
        }
        Ok(map)
    }

    /// The role that these claims give.
    #[must_use]
    pub fn decide(&self, claims: &Map<String, Value>) -> Verdict {
        let mut steps = Vec::new();
        let mut best: Option<(&Rule, &str)> = None;
        let mut present = false;
        for path in &self.paths {
            let Some(claim) = find(claims, path).filter(|claim| !claim.is_null()) else {
                steps.push(step(path, None, None, "no such claim".to_owned()));
                continue;
            };
            present = true;
            let groups = groups(claim);
            if groups.is_empty() {
                steps.push(step(path, None, None, "no group in it".to_owned()));
            }
            for group in groups {
                let rule = self.rule(group);
                let why = match rule {
                    Some(rule) => format!("{}={}", rule.group, rule.role),
                    None => "no rule for it".to_owned(),
                };
                steps.push(step(path, Some(group), rule, why));
                if let Some(rule) = rule
                    && best.is_none_or(|(other, _)| rule.rank > other.rank)
                {
                    best = Some((rule, path));
                }
            }
        }
        let decision = match best {
            Some((rule, path)) => Decision::Role {
                role: rule.role.clone(),
                why: format!("{path} contains {}", rule.group),
            },
            None if present => Decision::NoMatch,
            None => Decision::Absent,
        };
        Verdict { decision, steps }
    }

    fn rule(&self, group: &str) -> Option<&Rule> {
        let name = bare(group);
        self.rules.iter().find(|rule| rule.group == name)
    }
}

impl Rule {
    fn parse(entry: &str, ranks: &[&str]) -> Result<Self, BadRoleMap> {
        let (group, role) = entry
            .rsplit_once('=')
            .map(|(group, role)| (bare(group.trim()), role.trim()))
            .filter(|(group, role)| !group.is_empty() && !role.is_empty())
            .ok_or_else(|| BadRoleMap(format!("{entry:?} is not group=role")))?;
        let rank = ranks.iter().position(|r| *r == role).ok_or_else(|| {
            let all = ranks.join(", ");
            BadRoleMap(format!("{role:?} is no role; roles are {all}"))
        })?;
        Ok(Self {
            group: group.to_owned(),
            role: role.to_owned(),
            rank,
        })
    }
}

fn step(claim: &str, value: Option<&str>, rule: Option<&Rule>, why: String) -> Step {
    Step {
        claim: claim.to_owned(),
        value: value.map(ToOwned::to_owned),
        role: rule.map(|rule| rule.role.clone()),
        why,
    }
}

/// What stands between commas.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|e| !e.is_empty())
}

/// Keycloak writes groups as paths, with a slash in front.
fn bare(group: &str) -> &str {
    group.strip_prefix('/').unwrap_or(group)
}

/// A list of groups, or one alone. Anything else names none.
fn groups(claim: &Value) -> Vec<&str> {
    match claim {
        Value::String(group) => vec![group],
        Value::Array(groups) => groups.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The claim at a path. Names of claims and client ids may contain dots themselves: the longest name that is there counts.
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    path.rmatch_indices('.').find_map(|(at, _)| {
        let inner = claims.get(&path[..at])?.as_object()?;
        find(inner, &path[at + 1..])
    })
}
