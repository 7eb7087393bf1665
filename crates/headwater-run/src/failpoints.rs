//! The points of a run at which tests let the process die (see [`headwater_sdk::failpoint`]).

pub(crate) use headwater_sdk::failpoint::failpoint;

pub(crate) const AFTER_LEASE: &str = "after_lease";
pub(crate) const AFTER_RESOLVE: &str = "after_resolve";
pub(crate) const AFTER_PLAN: &str = "after_plan";
pub(crate) const BEFORE_STAGE: &str = "before_stage";
pub(crate) const AFTER_STAGE: &str = "after_stage";
pub(crate) const BEFORE_AUDIT_RECORD: &str = "before_audit_record";
pub(crate) const AFTER_AUDIT_RECORD: &str = "after_audit_record";
pub(crate) const BEFORE_INTENT: &str = "before_intent";
pub(crate) const AFTER_INTENT: &str = "after_intent";
pub(crate) const BEFORE_FLIP: &str = "before_flip";
pub(crate) const AFTER_FLIP: &str = "after_flip";
pub(crate) const BEFORE_CLEANUP: &str = "before_cleanup";

/// The names of this crate's points that every run passes, in the order in which a run passes them.
pub fn failpoint_names() -> [&'static str; 12] {
    [
        AFTER_LEASE,
        AFTER_RESOLVE,
        AFTER_PLAN,
        BEFORE_STAGE,
        AFTER_STAGE,
        BEFORE_AUDIT_RECORD,
        AFTER_AUDIT_RECORD,
        BEFORE_INTENT,
        AFTER_INTENT,
        BEFORE_FLIP,
        AFTER_FLIP,
        BEFORE_CLEANUP,
    ]
}
