//! Scenarios are embedded by directory; the compiler alone does not see a file that is added.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
