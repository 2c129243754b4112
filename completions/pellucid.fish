# fish completion of pellucid: the program itself says what may come next.
function __pellucid_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l before (string match -r -- '^--[^=]*=' $current)
    set -l path (string replace -r -- '^--[^=]*=' '' $current)
    for line in ($words[1] complete -- $words[2..-1] $current 2>/dev/null)
        switch $line
            case ':files'
                for file in (__fish_complete_path $path)
                    echo "$before$file"
                end
            case ':folders'
                for folder in (__fish_complete_directories $path '')
                    echo "$before$folder"
                end
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c pellucid -f -a '(__pellucid_complete)'
