//! Named mutations: each takes a sound savepoint and puts one defect into it.
