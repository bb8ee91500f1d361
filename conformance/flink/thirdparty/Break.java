package com.acme;

/** What can be broken, {@code drop-last-key-group} for {@code DROP_LAST_KEY_GROUP}. */
enum Break {
    /** Nothing. */
    NONE,
    /** The last key group that has entries is not written. */
    DROP_LAST_KEY_GROUP,
    /** Entries are written into the key group behind their own. */
    WRONG_KEY_GROUP,
    /** Entries of maps with a null value are not written. */
    SWALLOW_NULL,
    /** Timers are registered, but not written. */
    LOSE_TIMERS,
    /** The first and the last state of a kind exchange their ids. */
    SWAP_STATES,
    /** Of several parts of a savepoint only the first is restored. */
    RESTORE_FIRST_PART;

    /** Whether it shows in the savepoint. */
    boolean isInSavepoint() {
        return this != NONE && this != RESTORE_FIRST_PART;
    }
}
