//! The one palette: a colour means one thing everywhere, in world, panels and plots (light and dark).

/// An sRGB colour, 0 to 255.
pub type Rgb = [u8; 3];

const fn hex(rgb: u32) -> Rgb {
    [(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8]
}

/// Electricity, healthy.
pub const HEALTHY: Rgb = hex(0x1FB6A6);
/// Heavily loaded, from 80 %.
pub const HEAVY: Rgb = hex(0xF2A33A);
/// Overloaded, fault, alarm: never by colour alone.
pub const FAULT: Rgb = hex(0xD6455D);
/// The same on dark.
pub const FAULT_DARK: Rgb = hex(0xFF637D);
/// De-energised: no motion.
pub const DEAD: Rgb = hex(0x4A5160);
/// The same on dark.
pub const DEAD_DARK: Rgb = hex(0x3A4150);
/// Solar.
pub const SOLAR: Rgb = hex(0xF4C542);
/// Wind.
pub const WIND: Rgb = hex(0x5AA9E6);
/// Storage: carries a charge bar.
pub const STORAGE: Rgb = hex(0x35C2A1);
/// Hydrogen, fuel cell.
pub const HYDROGEN: Rgb = hex(0xA7D3F2);
/// Gas, diesel.
pub const GAS: Rgb = hex(0x8C6D5A);
/// Grid import and export.
pub const GRID: Rgb = hex(0x6A707A);
/// Heat, hot.
pub const HOT: Rgb = hex(0xE4785A);
/// Heat, cold.
pub const COLD: Rgb = hex(0x6C7BD9);
/// Chain, blocks, votes.
pub const CHAIN: Rgb = hex(0x4A50DA);
/// The same on dark.
pub const CHAIN_DARK: Rgb = hex(0x8F97FF);
/// Money, price.
pub const MONEY: Rgb = hex(0xD07CF5);
/// The same on dark: paler than the chain, since a colour-blind eye sees both as one blue.
pub const MONEY_DARK: Rgb = hex(0xE8BEFA);
/// Selection ring.
pub const SELECTION: Rgb = hex(0xFFFFFF);
/// Its outline.
pub const OUTLINE: Rgb = hex(0x10131A);
/// Meadow.
pub const MEADOW: Rgb = hex(0xB5C99A);
/// Woods, three greens.
pub const WOOD: [Rgb; 3] = [hex(0x5D8560), hex(0x6F9468), hex(0x7FA672)];
/// Road.
pub const ROAD: Rgb = hex(0x8D8F94);
/// Walls.
pub const WALLS: [Rgb; 3] = [hex(0xF3E9DC), hex(0xE9DCC9), hex(0xE3D5C0)];
/// Roofs.
pub const ROOFS: [Rgb; 4] = [hex(0xB5654A), hex(0x9C5541), hex(0x6D7580), hex(0xC47B57)];
/// Solar glass.
pub const GLASS: Rgb = hex(0x1F3A5F);
/// Metal.
pub const METAL: Rgb = hex(0xF4F6F8);
/// Sky by day.
pub const SKY_DAY: Rgb = hex(0xD9E6EC);
/// Horizon at dusk.
pub const SKY_DUSK: Rgb = hex(0xF2C9A1);
/// Sky by night.
pub const SKY_NIGHT: Rgb = hex(0x161D33);

#[cfg(test)]
mod tests {
    //! Who cannot tell red from green tells these colours apart: CIEDE2000 (Sharma, Wu, Dalal 2005) after the simulation
    //! of Machado, Oliveira, Fernandes (2009) at severity 1.

    use super::*;

    type Row = [f64; 3];

    const PROTANOPIA: [Row; 3] =
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]];
    const DEUTERANOPIA: [Row; 3] =
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]];
    /// Linear sRGB to XYZ, D65 (IEC 61966-2-1).
    const XYZ: [Row; 3] = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175],
        [0.019_333_9, 0.119_192, 0.950_304_1],
    ];
    /// Least difference of two colours that meet in one picture.
    const LEAST: f64 = 12.0;

    fn times(m: &[Row; 3], v: Row) -> Row {
        m.map(|r| r[0] * v[0] + r[1] * v[1] + r[2] * v[2])
    }

    fn linear(v: u8) -> f64 {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    }

    fn lab(c: Rgb, sight: &[Row; 3]) -> Row {
        let seen = times(sight, c.map(linear)).map(|v| v.clamp(0.0, 1.0));
        let [x, y, z] = times(&XYZ, seen);
        let f = |t: f64| if t > 216.0 / 24_389.0 { t.cbrt() } else { t * 841.0 / 108.0 + 4.0 / 29.0 };
        let [x, y, z] = [f(x / 0.950_47), f(y), f(z / 1.088_83)];
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn ciede2000([l1, a1, b1]: Row, [l2, a2, b2]: Row) -> f64 {
        let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25_f64.powi(7))).sqrt();
        let g = 0.5 * (1.0 - seventh(f64::midpoint(a1.hypot(b1), a2.hypot(b2))));
        let (a1, a2) = ((1.0 + g) * a1, (1.0 + g) * a2);
        let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
        let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
        let (h1, h2) = (hue(a1, b1), hue(a2, b2));
        let grey = c1 * c2 == 0.0;
        let turn = (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0;
        let turn = if grey { 0.0 } else { turn };
        let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
        let h = if grey { h1 + h2 } else { (h1 + turn / 2.0).rem_euclid(360.0) };
        let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
        let cos = |k: f64, by: f64| (k * h + by).to_radians().cos();
        let t = 1.0 - 0.17 * cos(1.0, -30.0) + 0.24 * cos(2.0, 0.0) + 0.32 * cos(3.0, 6.0) - 0.20 * cos(4.0, -63.0);
        let sl = 1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt();
        let (sc, sh) = (1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
        let rt = -2.0 * seventh(c) * (60.0 * (-((h - 275.0) / 25.0).powi(2)).exp()).to_radians().sin();
        let (dl, dc, dh) = ((l2 - l1) / sl, (c2 - c1) / sc, dh / sh);
        (dl * dl + dc * dc + dh * dh + rt * dc * dh).sqrt()
    }

    #[test]
    fn the_difference_is_that_of_the_published_pairs() {
        // Sharma, Wu, Dalal (2005), table 1: pairs 1, 4, 17 and 25.
        for (a, b, wanted) in [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ] {
            assert!((ciede2000(a, b) - wanted).abs() < 2e-4, "{a:?} {b:?}: {}", ciede2000(a, b));
        }
    }

    #[test]
    fn colours_that_meet_are_told_apart_by_colour_blind_eyes() {
        let light = [
            ("healthy", HEALTHY),
            ("heavy", HEAVY),
            ("fault", FAULT),
            ("dead", DEAD),
            ("chain", CHAIN),
            ("money", MONEY),
        ];
        let dark = [
            ("healthy", HEALTHY),
            ("heavy", HEAVY),
            ("fault", FAULT_DARK),
            ("dead", DEAD_DARK),
            ("chain", CHAIN_DARK),
            ("money", MONEY_DARK),
        ];
        let sources = [
            ("solar", SOLAR),
            ("wind", WIND),
            ("storage", STORAGE),
            ("hydrogen", HYDROGEN),
            ("gas", GAS),
            ("grid", GRID),
        ];
        let mut near = Vec::new();
        for (theme, set) in [("light", light), ("dark", dark), ("both", sources)] {
            for (eye, sight) in [("protanopia", &PROTANOPIA), ("deuteranopia", &DEUTERANOPIA)] {
                for (i, (a, first)) in set.iter().enumerate() {
                    for (b, second) in &set[i + 1..] {
                        let apart = ciede2000(lab(*first, sight), lab(*second, sight));
                        println!("{theme:5} {eye:12} {a:8} {b:8} {apart:5.1}");
                        if apart < LEAST {
                            near.push(format!("{theme} {eye}: {a} and {b} are {apart:.2} apart"));
                        }
                    }
                }
            }
        }
        assert!(near.is_empty(), "{near:#?}");
    }
}
