//! Which EXTI lines are behind which interrupt, in each family. The first sixteen lines are the pins everywhere; the rest
//! differs (RM0008 10.2.5, RM0090 12.2.5, RM0091 11.2.5, RM0316 14.2.6, RM0038 10.2.5, RM0351 14.3.2).

use crate::peripherals::Described;

/// The interrupts, as vendors name them.
pub(super) const IRQS: &[&str] = &[
    "EXTI0",
    "EXTI1",
    "EXTI2",
    "EXTI3",
    "EXTI4",
    "EXTI5",
    "EXTI6",
    "EXTI7",
    "EXTI8",
    "EXTI9",
    "EXTI10",
    "EXTI11",
    "EXTI12",
    "EXTI13",
    "EXTI14",
    "EXTI15",
    "PVD",
    "RTC_ALARM",
    "STAMP",
    "RTC_WKUP",
    "RTC",
    "USB_WKUP",
    "USBWAKEUP",
    "OTG_FS_WKUP",
    "OTG_HS_WKUP",
    "ETH_WKUP",
    "COMP",
    "COMP1_2",
    "COMP4_5_6",
    "COMP7",
    "LPTIM1",
    "LPTIM2",
];

/// Interrupts that are not one of the first sixteen lines.
const SPECIAL: usize = IRQS.len() - 16;

/// The lines behind each interrupt from PVD on.
type Lines = [u64; SPECIAL];

const F1: Lines = lines(&[
    ("PVD", 16, 16),
    ("RTC_ALARM", 17, 17),
    ("USB_WKUP", 18, 18),
    ("USBWAKEUP", 18, 18),
    ("OTG_FS_WKUP", 18, 18),
    ("ETH_WKUP", 19, 19),
]);
const F4: Lines = lines(&[
    ("PVD", 16, 16),
    ("RTC_ALARM", 17, 17),
    ("OTG_FS_WKUP", 18, 18),
    ("ETH_WKUP", 19, 19),
    ("OTG_HS_WKUP", 20, 20),
    ("STAMP", 21, 21),
    ("RTC_WKUP", 22, 22),
    ("LPTIM1", 23, 23),
]);
const F0: Lines =
    lines(&[("PVD", 16, 16), ("PVD", 31, 31), ("RTC", 17, 17), ("RTC", 19, 20), ("COMP", 21, 22)]);
const F3: Lines = lines(&[
    ("PVD", 16, 16),
    ("RTC_ALARM", 17, 17),
    ("USB_WKUP", 18, 18),
    ("USBWAKEUP", 18, 18),
    ("STAMP", 19, 19),
    ("RTC_WKUP", 20, 20),
    ("COMP1_2", 21, 22),
    ("COMP1_2", 29, 29),
    ("COMP4_5_6", 30, 32),
    ("COMP7", 33, 33),
]);
const L1: Lines = lines(&[
    ("PVD", 16, 16),
    ("RTC_ALARM", 17, 17),
    ("USB_WKUP", 18, 18),
    ("USBWAKEUP", 18, 18),
    ("STAMP", 19, 19),
    ("RTC_WKUP", 20, 20),
    ("COMP", 21, 22),
]);
const L4: Lines = lines(&[
    ("PVD", 16, 16),
    ("PVD", 35, 38),
    ("RTC_ALARM", 18, 18),
    ("STAMP", 19, 19),
    ("RTC_WKUP", 20, 20),
    ("COMP", 21, 22),
    ("LPTIM1", 32, 32),
    ("LPTIM2", 33, 33),
]);

/// The families, by the number that is the kind's option.
pub(super) const FAMILIES: [&Lines; 6] = [&F1, &F4, &F0, &F3, &L1, &L4];

/// The table of interrupts, their first and last lines.
const fn lines(rows: &[(&str, u32, u32)]) -> Lines {
    let mut lines = [0; SPECIAL];
    let mut row = 0;
    while row < rows.len() {
        let (name, first, last) = rows[row];
        lines[index(name)] |= (u64::MAX >> (63 - (last - first))) << first;
        row += 1;
    }
    lines
}

/// The place of an interrupt from PVD on. Evaluated when this is compiled.
const fn index(name: &str) -> usize {
    let mut index = 16;
    while index < IRQS.len() {
        if same(IRQS[index].as_bytes(), name.as_bytes()) {
            return index - 16;
        }
        index += 1;
    }
    panic!("no such interrupt")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// The family, by the lines that are open after reset: those without an edge detector, which differ.
pub(super) fn family(exti: &Described<'_>) -> u32 {
    let Some(imr) = exti.register(0) else { return 0 };
    let fields = imr.fields.iter().fold(0, |bits, field| bits | field.mask());
    match imr.reset_value {
        _ if exti.base == 0x4001_3c00 => 1,
        0 if fields >> 20 == 0 => 0,
        0 => 4,
        open if open >> 17 & 1 != 0 => 5,
        open if open >> 18 & 7 != 0 => 2,
        _ => 3,
    }
}
