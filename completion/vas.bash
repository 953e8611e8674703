# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# Completion of vas(1) in bash. Commands, options and designs are asked of the program itself.

_vas_names() # what 'vas ... --help' lists: names in a column of their own
{
	vas "$@" --help 2>/dev/null | sed -nE 's/^  (bench )?([a-z-]+)  +[^ ].*/\2/p'
}

_vas_options()
{
	vas "$@" --help 2>/dev/null | grep -oE -- '(^|[^a-zA-Z0-9-])--[a-z][a-z0-9-]+(=|\[=)?' |
		sed -E 's/^[^-]//; s/\[?=$/=/' | sort -u
}

_vas_designs() # that answer one question
{
	vas designs 2>/dev/null | sed -n "/^$1:/,/^\$/s/^  \([a-z0-9-]*\) .*/\1/p"
}

_vas_values() # of one option
{
	case $1 in
	--level) echo exact coverage ;;
	--index) _vas_designs index ;;
	--anon-rmap) _vas_designs anonymous ;;
	--file-rmap) _vas_designs file ;;
	esac
}

_vas()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local words=("${COMP_WORDS[1]}") i
	COMPREPLY=()

	# bash takes --level=exact for three words.
	if [ "$current" = = ]; then
		current=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vas_names)" -- "$current")
		return
	fi
	if [ "${words[0]}" = bench ]; then
		if [ "$COMP_CWORD" = 2 ]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_vas_names bench)" -- "$current")
			return
		fi
		words+=("${COMP_WORDS[2]}")
	fi

	local values
	values=$(_vas_values "$before")
	if [ -n "$values" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
		return
	fi
	# After "--" stands another program, with its own arguments.
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$current")
			return
		fi
	done
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vas_options "${words[@]}")" -- "$current")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	fi
}

complete -o filenames -F _vas vas
