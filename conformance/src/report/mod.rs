//! What a run is told as: all of it rendered from the events.
