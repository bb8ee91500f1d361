//! Texts that Java writes in one way only: decimals, dates and times. Another spelling would never come back.

/// Whether `BigDecimal.toString()` writes the number so.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (coefficient, exponent) = digits.split_once('E').map_or((digits, None), |(c, e)| (c, Some(e)));
    let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let canonical_zero = whole == "0" || !whole.starts_with('0');
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || coefficient.ends_with('.') || !canonical_zero
    {
        return false;
    }
    let is_zero = coefficient.bytes().all(|b| b == b'0' || b == b'.');
    if is_zero && text.starts_with('-') {
        return false;
    }
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    // Digits of the unscaled number, without zeros in front.
    let precision = length(format!("{whole}{fraction}").trim_start_matches('0').len().max(1));
    match exponent {
        // Plain, if the scale is not negative and the number is not below 10^-6.
        None => length(fraction.len()) - precision < 6,
        Some(exponent) => {
            let Some((sign, amount)) = exponent.split_at_checked(1) else { return false };
            let Some(amount) = amount.parse::<i32>().ok().filter(|_| all_digits(amount) && !amount.starts_with('0'))
            else {
                return false;
            };
            let adjusted = match sign {
                "+" => i64::from(amount),
                "-" => -i64::from(amount),
                _ => return false,
            };
            let scale = length(fraction.len()) - adjusted;
            whole.len() == 1 && (is_zero || whole != "0") && (scale < 0 || adjusted < -6)
        }
    }
}

/// Whether `LocalDate.toString()` writes it so.
pub(super) fn is_date(text: &str) -> bool {
    let (sign, digits) = match text.split_at_checked(1) {
        Some((sign @ ("-" | "+"), digits)) => (sign, digits),
        _ => ("", text),
    };
    let parts: Vec<&str> = digits.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if !(4..=9).contains(&year.len())
        || month.len() != 2
        || day.len() != 2
        || digits.bytes().any(|b| !b.is_ascii_digit() && b != b'-')
    {
        return false;
    }
    // Five digits and more have no zero in front, and a sign.
    if (year.len() > 4) != (sign == "+" || (sign == "-" && year.len() > 4)) || (year.len() > 4 && year.starts_with('0'))
    {
        return false;
    }
    let [Ok(year), Ok(month), Ok(day)] = [year, month, day].map(str::parse::<u32>) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Whether the canonical dump writes a time so.
pub(super) fn is_time(text: &str) -> bool {
    let (time, nanos) = text.split_once('.').map_or((text, None), |(time, nanos)| (time, Some(nanos)));
    let parts: Vec<&str> = time.split(':').collect();
    let in_range = |(part, limit): (&&str, u32)| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u32>().is_ok_and(|n| n < limit)
    };
    let nanos_fit = |nanos: &str| nanos.len() == 9 && nanos != "000000000" && nanos.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().zip([24, 60, 60]).all(in_range) && nanos.is_none_or(nanos_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_java_writes_is_taken() {
        for (is, good, bad) in [
            (
                is_decimal as fn(&str) -> bool,
                ["0", "-1", "0.00", "1.25", "0.000001", "1E-7", "1.0E-7", "0E-7", "0E+3", "1E+3", "-1.5E-10", "12.5"],
                ["", "-0", "01", "1.", ".5", "+1", "1E3", "1E+03", "10E+3", "0.0000001", "1.5E+0", "1E-2"],
            ),
            (
                is_date,
                [
                    "2024-02-29",
                    "2000-02-29",
                    "1969-12-31",
                    "0000-01-01",
                    "-0001-01-01",
                    "+10000-01-01",
                    "9999-12-31",
                    "-999999999-01-01",
                    "+999999999-12-31",
                    "2024-04-30",
                    "2024-01-31",
                    "1900-02-28",
                ],
                [
                    "2023-02-29",
                    "1900-02-29",
                    "2024-13-01",
                    "2024-00-01",
                    "2024-01-00",
                    "2024-04-31",
                    "24-01-01",
                    "10000-01-01",
                    "+2024-01-01",
                    "+01000-01-01",
                    "2024-1-1",
                    "2024-01-01Z",
                ],
            ),
            (
                is_time,
                [
                    "00:00:00",
                    "23:59:59",
                    "12:00:00.000000001",
                    "12:00:00.500000000",
                    "01:02:03",
                    "10:20:30",
                    "00:00:00.999999999",
                    "09:09:09",
                    "19:00:01",
                    "20:00:00",
                    "23:00:00",
                    "00:59:00",
                ],
                [
                    "",
                    "24:00:00",
                    "12:60:00",
                    "12:00:60",
                    "12:00",
                    "12:00:00.5",
                    "12:00:00.000000000",
                    "1:00:00",
                    "12:00:00.",
                    "+1:00:00",
                    "12:00:00:00",
                    "12-00-00",
                ],
            ),
        ] {
            for (good, bad) in good.into_iter().zip(bad) {
                assert!(is(good), "{good}");
                assert!(!is(bad), "{bad}");
            }
        }
    }
}
