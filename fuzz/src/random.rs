//! Chance that is the same in each run: with one seed a target takes the same way twice.

/// The system's random numbers, which the orders of hash maps come from, for this process: the linker prefers this function to the
/// C library's. Always the same bytes.
///
/// # Safety
///
/// `buffer` is valid for writes of `length` bytes, as the C library's function has it.
#[expect(unsafe_code, reason = "a function of the C library")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    if length > 0 {
        // SAFETY: what the caller promises.
        unsafe { std::ptr::write_bytes(buffer, 0x5A, length) };
    }
    length.cast_signed()
}
