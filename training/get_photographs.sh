#!/bin/sh
# Fetch Debian packages that contain photographs and unpack them, without installing anything.
# Usage: training/get_photographs.sh FOLDER      (Debian 12 "bookworm"; `apt-get update` first)
# Some photographs are only in the release before or after: these are looked up with package lists of their own, kept
# in FOLDER/apt, so that the machine's stay as they are.
set -eu

folder=${1:?usage: training/get_photographs.sh FOLDER}
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
keys=/usr/share/keyrings/debian-archive-keyring.gpg
packages="lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 lxqt-themes mate-backgrounds
plasma-workspace-wallpapers python3-sklearn gcompris-qt-data scratch kphotoalbum palapeli-data libjxl-testdata
enlightenment-data"
before="gnome-backgrounds"
after="budgie-backgrounds gnome-recipes-data tuxpaint-data wordpress-theme-twentytwentyfive
wordpress-theme-twentytwentyfour"

mkdir -p "$folder/deb" "$folder/unpacked" "$folder/apt/lists/partial" "$folder/apt/archives/partial"
cd "$folder/deb"

fetch() { # apt-get's options, then packages
    options=$1
    shift
    for package in "$@"; do
        # shellcheck disable=SC2086
        ls "${package}_"*.deb >/dev/null 2>&1 || apt-get $options download "$package"
        dpkg -x "${package}_"*.deb "../unpacked/$package"
    done
}

fetch "" $packages
own=$(cd ../apt && pwd)
printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$mirror" bullseye "$keys" "$mirror" trixie >"$own/sources.list"
options="-o Dir::Etc::sourcelist=$own/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$own/lists
-o Dir::Cache=$own -o Dir::State::status=/dev/null -o APT::Architectures=amd64"
# shellcheck disable=SC2086
apt-get $options update
fetch "$options -t bullseye" $before
fetch "$options -t trixie" $after
echo "photographs are in $folder/unpacked; next: python training/prepare.py --folder $folder"
