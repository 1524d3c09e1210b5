//! The container files: every step of theirs is a script that is run outside of a container as well.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use support::folder::project;

#[test]
fn the_dockerfile_runs_scripts_only_and_not_as_root() {
    let file = read("docker/Dockerfile");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let with = |instruction: &str| {
        file.lines().map(words).filter(|w| w[..].first().is_some_and(|f| f == instruction)).collect()
    };
    let (runs, users): (Vec<_>, Vec<_>) = (with("RUN"), with("USER"));
    assert_eq!(runs, [["RUN", "docker/build.sh", "/image"]]);
    assert_eq!(users, [["USER", "10001:10001"]]);
    assert_eq!(with("ENTRYPOINT"), [["ENTRYPOINT", "[\"throughline-entrypoint\"]"]]);
    assert!(file.contains("HEALTHCHECK") && file.contains("CMD [\"throughline-healthcheck\"]"), "{file}");
    let build = read("docker/build.sh");
    for script in ["entrypoint", "healthcheck"] {
        assert!(
            build.contains(&format!("docker/{script}.sh \"$dest/usr/local/bin/throughline-{script}\"")),
            "{script}"
        );
    }
}

#[test]
fn the_scripts_can_be_run() {
    for script in ["build", "entrypoint", "healthcheck", "try"] {
        let path = project(&format!("docker/{script}.sh"));
        let mode = fs::metadata(&path).expect("a script").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{}", path.display());
    }
}

#[test]
fn the_composition_names_files_that_are_there() {
    let file = read("docker/compose.yaml");
    assert!(file.contains("dockerfile: docker/Dockerfile") && file.contains("context: .."), "{file}");
    let mounts =
        file.lines().filter_map(|line| line.trim().strip_prefix("- ./")).filter_map(|line| line.split(':').next());
    for mount in mounts {
        assert!(project("docker").join(mount).is_file(), "{mount}");
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(project(path)).expect("a file of the project")
}

#[test]
fn the_compositions_configuration_has_no_fault() {
    let faults = throughline::config::read(&read("docker/throughline.toml")).err().unwrap_or_default();
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
