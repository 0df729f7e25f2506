namespace Understudy.Verdict.Rules;

/// <summary>Modules that do not load (kernel/module/{main,version}.c).</summary>
static class ModuleRules
{
    public static readonly KernelRule[] All =
    [
        new("module-symbol", Severity.Error, ": Unknown symbol ",
            @"(?<module>[\w-]+): Unknown symbol (?<symbol>[\w.]+)",
            "module {module}: unknown symbol {symbol}") { OneLine = true },
        new("module-version", Severity.Error, ": disagrees about version of symbol ",
            @"(?<module>[\w-]+): disagrees about version of symbol (?<symbol>[\w.]+)",
            "module {module}: disagrees about version of symbol {symbol}") { OneLine = true },
        new("module-magic", Severity.Error, ": version magic ",
            @"(?<module>[\w-]+): version magic '",
            "module {module}: built for another kernel") { OneLine = true },
        new("module-duplicate", Severity.Error, "exports duplicate symbol",
            @"(?<module>[\w-]+): exports duplicate symbol (?<symbol>[\w.]+)",
            "module {module}: exports duplicate symbol {symbol}") { OneLine = true },
        new("module-elf", Severity.Error, "Invalid ELF ",
            "(module: )?Invalid ELF (header|section|symbol)",
            "module: not an ELF file the kernel takes") { OneLine = true },
        new("module-refused", Severity.Error, "Loading of ",
            "Loading of (unsigned module|module with unavailable key) is rejected",
            "module refused: not signed") { OneLine = true },
    ];
}
