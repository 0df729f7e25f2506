using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Understudy.Devices;
using Understudy.Vfio.Cases;

namespace Understudy.Vfio.Tests;

/// <summary>Drivers of other people's assemblies: found by what they say they drive, and what is wrong with an assembly is said.</summary>
public sealed class DriverAssemblyTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("understudy-drivers-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_driver_from_an_assembly_is_found_by_the_cards_id_and_passes_all_cases()
    {
        CopyDrivers.AddFrom(Path.Combine(AppContext.BaseDirectory, "DittoDriver.dll"));
        var ktap = new StringWriter();
        var cases = VfioCases.For([IommuMode.Model]);
        Assert.True(VfioCases.Run(cases, iommu => VfioDevice.Open(new Ditto(), iommu), ktap, TestContext.Current.CancellationToken) == 0, ktap.ToString());
        var driven = ktap.ToString().Split('\n').Where(line => line.Contains(" driver.", StringComparison.Ordinal)).ToList();
        Assert.Equal(9, driven.Count);
        Assert.All(driven, line => Assert.DoesNotContain("SKIP", line, StringComparison.Ordinal));
        Says(Path.Combine(AppContext.BaseDirectory, "DittoDriver.dll"), "1234:d177", "there is one already");
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() => Says(In("None.dll"), "no file", In("None.dll"));

    [Fact]
    public void A_file_that_is_no_assembly_is_named()
    {
        File.WriteAllText(In("Text.dll"), "public class Driver { }");
        Says(In("Text.dll"), In("Text.dll"), "not a .NET assembly");
    }

    [Fact]
    public void An_assembly_without_a_driver_is_told_what_one_is()
        => Says(typeof(Ditto).Assembly.Location, "has no driver in it", "Understudy.Vfio.CopyDriver", "[Drives(vendor, device)]");

    [Fact]
    public void A_driver_that_does_not_say_what_it_drives_is_named() => Says(Emit("Mute", module => Driver(module, "Mute")), "Mute", "does not say what it drives");

    [Fact]
    public void A_driver_that_takes_something_else_than_a_device_is_named()
        => Says(Emit("Odd", module => Driver(module, "Odd", 0x7001, takes: typeof(string))), "Odd", "no public constructor that takes a VfioDevice");

    [Fact]
    public void Two_drivers_for_one_id_are_refused_and_neither_is_added()
    {
        Says(Emit("Two", module => { Driver(module, "One", 0x7002); Driver(module, "Other", 0x7002); }), "1234:7002", "another in it");
        Assert.False(CopyDrivers.Knows(0x1234, 0x7002));
    }

    [Fact]
    public void A_driver_for_a_card_that_the_library_drives_is_refused()
        => Says(Emit("Ours", module => Driver(module, "Ours", 0x2021, vendor: 0x8086)), "8086:2021", "there is one already");

    [Fact]
    public void An_assembly_built_against_another_version_is_told_both()
    {
        var path = Emit("Old", module => Driver(module, "Old", 0x7003));
        SetReferencedVersion(path, "Understudy.Vfio", 9);
        Says(path, "9.1.0.0", typeof(CopyDriver).Assembly.GetName().Version!.ToString(), "Build it against this version");
    }

    [Fact]
    public void What_a_constructor_throws_is_what_every_case_fails_of()
    {
        CopyDrivers.AddFrom(Emit("Throws", module => Driver(module, "Throws", 0x9912, vendor: 0x9710, throws: "there is no EEPROM")));
        using var iommu = Iommu.Open(IommuMode.Model);
        using var card = VfioDevice.Open(new Uart16550(), iommu);
        var refused = Assert.Throws<VfioException>(() => CopyDrivers.For(card));
        Assert.All(["Throws", card.Name, "InvalidOperationException", "there is no EEPROM"], word => Assert.Contains(word, refused.Message, StringComparison.Ordinal));
    }

    string In(string name) => Path.Combine(_directory, name);

    static void Says(string assembly, params string[] words)
    {
        var message = Assert.Throws<VfioException>(() => CopyDrivers.AddFrom(assembly)).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    string Emit(string name, Action<ModuleBuilder> define)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(name), typeof(object).Assembly);
        define(assembly.DefineDynamicModule(name));
        assembly.Save(In($"{name}.dll"));
        return In($"{name}.dll");
    }

    static void Driver(ModuleBuilder module, string name, ushort id = 0, ushort vendor = 0x1234, Type? takes = null, string? throws = null)
    {
        var type = module.DefineType(name, TypeAttributes.Public, typeof(IdleDriver));
        if (id != 0) type.SetCustomAttribute(new CustomAttributeBuilder(typeof(DrivesAttribute).GetConstructor([typeof(ushort), typeof(ushort)])!, [vendor, id]));
        var code = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [takes ?? typeof(VfioDevice)]).GetILGenerator();
        code.Emit(OpCodes.Ldstr, throws ?? "");
        code.Emit(OpCodes.Newobj, typeof(InvalidOperationException).GetConstructor([typeof(string)])!);
        code.Emit(OpCodes.Throw);
        type.CreateType();
    }

    static void SetReferencedVersion(string path, string reference, ushort major)
    {
        var bytes = File.ReadAllBytes(path);
        using (var file = new PEReader(new MemoryStream([.. bytes])))
        {
            var metadata = file.GetMetadataReader();
            var row = metadata.AssemblyReferences.ToList().FindIndex(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name) == reference);
            var at = file.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef) + row * metadata.GetTableRowSize(TableIndex.AssemblyRef);
            BitConverter.GetBytes(major).CopyTo(bytes, at);
        }
        File.WriteAllBytes(path, bytes);
    }
}

/// <summary>What the drivers of these tests' assemblies stand on.</summary>
public class IdleDriver(VfioDevice device) : CopyDriver(device, "idle")
{
    public override ulong MostBytes => 64;

    public override ulong MostCopies => 1;

    public override Interrupt Msi => throw new NotSupportedException();

    protected override void OnInit() { }

    protected override void OnRemove() { }

    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies) { }

    protected override bool OnWait(TimeSpan timeout) => true;

    protected override void OnSendMsi() { }
}
