namespace Understudy.Devices;

/// <summary>The reset that a halted <see cref="Dsa"/> needs: GENSTS bits 3:2.</summary>
public enum DsaReset
{
    /// <summary>The Reset Device command.</summary>
    Software = 0,

    /// <summary>A function-level reset.</summary>
    FunctionLevel = 1,

    /// <summary>A reset of the machine.</summary>
    Warm = 2,

    /// <summary>Power off and on.</summary>
    Cold = 3,
}
