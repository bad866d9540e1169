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
pub const FAULT_DARK: Rgb = hex(0xFF6B81);
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
