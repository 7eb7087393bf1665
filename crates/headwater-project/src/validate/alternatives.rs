//! Values that may be one of several things.

use headwater_diagnostics::Diagnostic;
use serde_json::Value;

use super::describe::{branches as branches_of, is_null, takes, type_of};
use super::object::{Choice, choose};
use super::reader::Reader;
use crate::yaml::{self, Node};

impl<'a> Reader<'a> {
    /// Reads a node as the alternative that it is meant to be.
    pub(super) fn any_of(&mut self, node: &Node, part: &'a Value, branches: &'a [Value], name: &str) -> Value {
        let kind = type_of(node);
        let takes_kind = |branch: &&Value| {
            let branch = self.schema.resolve(branch);
            branches_of(branch).is_some() || takes(branch, kind)
        };
        let candidates: Vec<&'a Value> = branches.iter().filter(takes_kind).collect();
        if let [one] = candidates.as_slice() {
            return self.value(node, one, name);
        }
        if candidates.is_empty() {
            return self.no_alternative(node, part, branches, name);
        }
        if let yaml::Value::Map(map) = &node.value
            && candidates.len() == branches.iter().filter(|b| !is_null(self.schema.resolve(b))).count()
        {
            match choose(self.schema, branches, map) {
                Choice::One(index) => return self.value(node, &branches[index], name),
                Choice::Undecided(tag, values) => {
                    self.undecided(node, map, tag, &values, name);
                    return Value::Null;
                }
                Choice::Untagged => {}
            }
        }
        self.best_of(node, &candidates, name)
    }

    /// A value that no alternative takes as it is: a list may take it as its only item, and a text from the environment
    /// may be a number.
    fn no_alternative(&mut self, node: &Node, part: &'a Value, branches: &'a [Value], name: &str) -> Value {
        let kind = type_of(node);
        let from_environment = matches!(&node.value, yaml::Value::Text(text) if text.written.is_some());
        let fitting = branches.iter().map(|branch| self.schema.resolve(branch)).find(|branch| {
            let in_list = branch.get("items").is_some_and(|items| takes(self.schema.resolve(items), kind));
            let in_number = from_environment && (takes(branch, "integer") || takes(branch, "boolean"));
            takes(branch, "array") && kind != "null" && in_list || in_number
        });
        match fitting {
            Some(branch) => self.other_type(node, branch, name),
            None => {
                self.wrong_type(node, part, name);
                Value::Null
            }
        }
    }

    /// The first alternative without mistakes; if there is none, the mistakes of the one with the fewest.
    fn best_of(&mut self, node: &Node, candidates: &[&'a Value], name: &str) -> Value {
        let before = std::mem::take(&mut self.found);
        let mut fewest: Option<Vec<Diagnostic>> = None;
        for candidate in candidates {
            let value = self.value(node, candidate, name);
            let found = std::mem::take(&mut self.found);
            if found.is_empty() {
                self.found = before;
                return value;
            }
            if fewest.as_ref().is_none_or(|f| found.len() < f.len()) {
                fewest = Some(found);
            }
        }
        self.found = before;
        self.found.extend(fewest.into_iter().flatten());
        Value::Null
    }
}
