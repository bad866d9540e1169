//! What the machine must have before a window can open: a display and a Vulkan adapter. What is missing is named.

use crate::Failure;

/// Looks for a display.
///
/// # Errors
/// What to do, where there is none.
#[cfg(all(unix, not(target_os = "macos")))]
pub fn check_display() -> Result<(), Failure> {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let mut tried = Vec::new();
    if let Some(name) = set("WAYLAND_DISPLAY") {
        match connect_wayland(&name) {
            Ok(()) => return Ok(()),
            Err(e) => tried.push(format!("WAYLAND_DISPLAY={name}: {e}")),
        }
    }
    if let Some(name) = set("DISPLAY") {
        match connect_x11(&name) {
            Ok(()) => return Ok(()),
            Err(e) => tried.push(format!("DISPLAY={name}: {e}")),
        }
    }
    let why = if tried.is_empty() { "neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned() } else { tried.join("; ") };
    Err(Failure::NoDisplay(format!(
        "no display: {why}.\nStart Gridtwin from a desktop session, or give it a virtual display: \
         `./x run` does, or install the package xvfb and run `xvfb-run -s '-screen 0 1280x720x24' gridtwin`.\n\
         Without a picture, `gridsim run` simulates the same scene."
    )))
}

/// Other systems always have a display where a program can be started from the desktop.
///
/// # Errors
/// None.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub fn check_display() -> Result<(), Failure> {
    Ok(())
}

#[cfg(all(unix, not(target_os = "macos")))]
fn connect_wayland(name: &str) -> std::io::Result<()> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").unwrap_or_default();
    std::os::unix::net::UnixStream::connect(std::path::Path::new(&folder).join(name)).map(drop)
}

/// `host:display.screen`: a socket of this machine without a host, TCP with one.
#[cfg(all(unix, not(target_os = "macos")))]
fn connect_x11(name: &str) -> std::io::Result<()> {
    use std::os::unix::net::UnixStream;
    let bad = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "this names no display, expected e.g. `:0`");
    let (host, rest) = name.rsplit_once(':').ok_or_else(bad)?;
    let number: u16 = rest.split('.').next().and_then(|n| n.parse().ok()).ok_or_else(bad)?;
    if !host.is_empty() && host != "unix" {
        let port = 6000_u16.checked_add(number).ok_or_else(bad)?;
        return std::net::TcpStream::connect((host, port)).map(drop);
    }
    let path = format!("/tmp/.X11-unix/X{number}");
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt as _;
        let hidden = std::os::unix::net::SocketAddr::from_abstract_name(&path);
        if hidden.and_then(|address| UnixStream::connect_addr(&address)).is_ok() {
            return Ok(());
        }
    }
    UnixStream::connect(path).map(drop)
}

/// Looks for a Vulkan adapter (on Linux; elsewhere the system's own interface is used).
///
/// # Errors
/// What to install, where there is none.
pub fn check_vulkan() -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN;
    descriptor.flags = wgpu::InstanceFlags::empty();
    let adapters = bevy::tasks::block_on(wgpu::Instance::new(descriptor).enumerate_adapters(wgpu::Backends::VULKAN));
    if !adapters.is_empty() {
        return Ok(());
    }
    Err(Failure::NoVulkan(
        "no usable Vulkan adapter.\nOn Debian and Ubuntu install the packages libvulkan1 and mesa-vulkan-drivers \
         (Intel, AMD, and software rendering without a graphics card); for NVIDIA the vendor's driver \
         (nvidia-driver). `./x run` installs the first two."
            .to_owned(),
    ))
}
