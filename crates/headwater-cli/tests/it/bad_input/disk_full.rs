//! A disk that is full.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::program::{Said, headwater, query};
use crate::project::{NUMBERS, Project, assert_told};

/// Half a MiB: 1,024 blocks of 512 bytes. The signal that goes with it would end the program: it is ignored.
const LIMIT: &str = "trap '' XFSZ; ulimit -f 1024";

/// A small file system in memory, gone with this value.
struct SmallDisk<'a> {
    at: &'a Path,
}

impl<'a> SmallDisk<'a> {
    /// Mounts a disk of some MiB; `None` where that is not allowed.
    fn mount(at: &'a Path, mib: u32) -> Option<Self> {
        let size = format!("size={mib}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output().ok()?;
        done.status.success().then_some(Self { at })
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.at).status();
    }
}

/// A CSV file of numbers that do not compress well.
fn numbers(rows: u64) -> String {
    let mut text = String::from("n,name\n");
    let mut state = 1_u64;
    for _ in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(text, "{},{state:x}{:x}", state >> 40, state.rotate_left(17).wrapping_mul(31)).unwrap();
    }
    text
}

/// A project with three published numbers, and then with far more than fit onto what is left of a disk.
fn project() -> Project {
    let project = Project::numbers();
    project.run();
    project.write("data/a.csv", numbers(400_000));
    project
}

/// What has to be true after a run that ended for want of room: all as it was, and as it should be once there is room.
#[track_caller]
fn assert_nothing_lost(project: &Project) {
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    project.run();
    assert_eq!(query(project.path(), "select rows from marts.sums"), "400000");
    project.say(&["maintain", "--vacuum"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "400000");
}

#[test]
fn a_full_disk_under_the_lake_loses_nothing() {
    let project = project();
    let lake = project.lake();
    // The published lake moves onto the small disk.
    let kept = project.path().join("kept");
    std::fs::rename(&lake, &kept).unwrap();
    std::fs::create_dir(&lake).unwrap();
    let Some(disk) = SmallDisk::mount(&lake, 4) else {
        std::fs::remove_dir(&lake).unwrap();
        std::fs::rename(&kept, &lake).unwrap();
        return limited_file_size(&project);
    };
    crate::program::copy_folder(&kept, &lake, &[]);
    let said = Said::from(headwater(project.path()).arg("run").output().unwrap());
    assert!(matches!(said.code, Some(1 | 3)), "{said:?}");
    let code = if format!("{}{}", said.out, said.err).contains("HW0705") { "HW0705" } else { "HW0615" };
    assert_told(&said, code, &[]);
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    // Somebody makes room.
    let roomy = project.path().join("roomy");
    crate::program::copy_folder(&lake, &roomy, &[]);
    drop(disk);
    std::fs::remove_dir(&lake).unwrap();
    std::fs::rename(&roomy, &lake).unwrap();
    assert_nothing_lost(&project);
}

/// A limit on the size of files, of which a write hears as it hears of a full disk.
fn limited_file_size(project: &Project) {
    let said = Said::from(project.output_after(LIMIT, &["run"]));
    assert!(matches!(said.code, Some(1 | 3)), "{said:?}");
    let text = format!("{}{}", said.out, said.err);
    let told = ["HW0615", "HW0705", "HW0709", "HW0612"].iter().any(|code| text.contains(code));
    assert!(told && text.contains("help:"), "{text}");
    assert_nothing_lost(project);
}

#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    limited_file_size(&project());
}

#[test]
fn an_answer_that_does_not_fit_leaves_no_half_a_file() {
    let project = Project::empty().with("sources/numbers.yml", NUMBERS).with("data/a.csv", numbers(100_000));
    project.run();
    std::fs::create_dir(project.path().join("out")).unwrap();
    for format in ["csv", "json", "parquet"] {
        let arguments = ["query", "select * from raw.numbers", "--format", format, "--output", "out/answer"];
        let said = project.say_after(LIMIT, &arguments).exits(3);
        assert!(said.err.contains("error[HW08"), "{}", said.err);
        let left: Vec<_> = std::fs::read_dir(project.path().join("out")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn nobody_sees_a_panic() {
    let project = project();
    let said = project.say_after(LIMIT, &["run"]).exits(1);
    assert_told(&said, "HW0615", &["raw.numbers: failed"]);
}
