//! The rights of operators: over the whole installation, not over an organization's codes.
//!
//! Invariant: no role in any other organization gives a right over the installation.

use super::{Principal, Role};
use crate::store::organizations::Organizations;

/// What an operator does with rollouts, caches and settings of the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Look,
    Change,
}

impl Principal {
    /// Whether this one may operate the installation: by the role in the organization that every installation has from
    /// its first start on. Analysts look, admins also change.
    #[must_use]
    pub fn may_operate(&self, operation: Operation) -> bool {
        let roles: &[Role] = match operation {
            Operation::Look => &[Role::Owner, Role::Admin, Role::Manager, Role::Analyst],
            Operation::Change => &[Role::Owner, Role::Admin],
        };
        self.org_id == Organizations::DEFAULT && roles.contains(&self.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::Uuid;

    #[test]
    fn only_roles_in_the_installations_organization_operate_it() {
        for (role, looks, changes) in [
            (Role::Owner, true, true),
            (Role::Admin, true, true),
            (Role::Manager, true, false),
            (Role::Analyst, true, false),
            (Role::Member, false, false),
        ] {
            let may = |org_id, operation| {
                let principal = Principal {
                    user_id: Uuid::nil(),
                    name: "somebody".to_owned(),
                    org_id,
                    role,
                };
                principal.may_operate(operation)
            };
            assert_eq!(
                may(Organizations::DEFAULT, Operation::Look),
                looks,
                "{role:?}"
            );
            assert_eq!(
                may(Organizations::DEFAULT, Operation::Change),
                changes,
                "{role:?}"
            );
            for operation in [Operation::Look, Operation::Change] {
                assert!(
                    !may(Uuid::max(), operation),
                    "{role:?} of another organization"
                );
            }
        }
    }
}
