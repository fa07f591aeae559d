#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Links an installed driver into the folder whose drivers EAL loads by itself. Where that may not be
# written to, as by a user who installs below his own folder, it says what to do instead.
#
# usage: eal_driver.sh FOLDER LIBRARY-FOLDER NAME FILE

folder=$1 file=$2/$4
if mkdir -p "${DESTDIR:-}$folder" 2>/dev/null &&
    ln -sfn "$file" "${DESTDIR:-}$folder/$3" 2>/dev/null; then
    [ -n "${MESON_INSTALL_QUIET:-}" ] || echo "Linked $file into $folder"
else
    echo "$folder may not be written to: give programs EAL's option -d $file"
fi
