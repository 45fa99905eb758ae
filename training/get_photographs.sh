#!/bin/sh
# Fetch Debian packages that contain photographs and unpack them, without installing anything.
# Usage: training/get_photographs.sh FOLDER      (Debian 12 "bookworm"; `apt-get update` first)
set -eu

folder=${1:?usage: training/get_photographs.sh FOLDER}
packages="lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 lxqt-themes mate-backgrounds
plasma-workspace-wallpapers python3-sklearn gcompris-qt-data scratch"

mkdir -p "$folder/deb" "$folder/unpacked"
cd "$folder/deb"
for package in $packages; do
    ls "${package}_"*.deb >/dev/null 2>&1 || apt-get download "$package"
    dpkg -x "${package}_"*.deb "../unpacked/$package"
done
echo "photographs are in $folder/unpacked; next: python training/prepare.py --folder $folder"
