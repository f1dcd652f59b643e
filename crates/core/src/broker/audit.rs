use super::Broker;
use crate::session::Sessions;

impl Broker {
    /// Names each subscription that is not found, that nobody needs, or whose subscribers do not know of it.
    pub(crate) fn audit(&self, sessions: &Sessions, found: &mut Vec<String>) {
        for (&id, subscription) in &self.subscriptions {
            if self.lookup(&subscription.topic) != Some(id) {
                found.push(format!("subscription {id} is not found by its topic"));
            }
            if subscription.subscribers.is_empty() && !self.kept.contains(&id) {
                found.push(format!("subscription {id} has no subscribers"));
            }
            for subscriber in subscription.iter() {
                let session = sessions.get(subscriber);
                if !session.is_some_and(|session| session.subscriptions.contains(&id)) {
                    found.push(format!("{subscriber} does not know of subscription {id}"));
                }
            }
        }
        let (count, indexed) = (self.subscriptions.len(), self.by_topic.len());
        if count != indexed {
            found.push(format!("{indexed} topics for {count} subscriptions"));
        }
    }
}
