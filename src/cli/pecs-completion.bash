# Completion of the program pecs for bash. Options and commands are those of `pecs --help`; tests/cli holds them together.

_pecs() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} options=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'info verify dump diff compact convert salvage schema --help --version' -- "$word")
        return
    fi
    if [[ $command == schema ]]; then
        command="schema ${COMP_WORDS[2]-}"
        if ((COMP_CWORD == 2)); then
            mapfile -t COMPREPLY < <(compgen -W 'show lock check json' -- "$word")
            return
        fi
    fi
    case $command in
    info) options='--advise --max-bytes --json --help' ;;
    verify | salvage) options='--max-bytes --json --help' ;;
    compact) options='--trust --max-bytes --json --help' ;;
    dump) options='--entity --component --limit --trust --max-bytes --json --help' ;;
    diff) options='--detail --by-handle --trust --max-bytes --json --help' ;;
    convert) options='--from --to --profile --threads --max-bytes --help' ;;
    'schema show' | 'schema lock' | 'schema check' | 'schema json') options='--max-bytes --help' ;;
    *) return ;;
    esac
    case $previous in
    --entity | --component | --limit | --threads | --max-bytes) return ;; # values that no list knows
    --from | --to)
        mapfile -t COMPREPLY < <(compgen -W 'pecs json' -- "$word")
        return
        ;;
    --profile)
        mapfile -t COMPREPLY < <(compgen -W 'off fast small' -- "$word")
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        return
    fi
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -f -X '!*.pecs' -- "$word"
                             [[ $command == schema* ]] && compgen -f -X '!*.lock' -- "$word")
}
complete -F _pecs pecs
