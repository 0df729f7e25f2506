using System.Buffers.Binary;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>VFIO_DEVICE_FEATURE of a card: a header with the size of all and what is wanted, then what belongs to the feature.</summary>
static class KernelFeatures
{
    const int Header = 8;

    public static FeatureAccess Probe(FileDescriptor device, string name, DeviceFeature feature)
        => (Has(device, name, feature, Uapi.FeatureGet) ? FeatureAccess.Get : 0) | (Has(device, name, feature, Uapi.FeatureSet) ? FeatureAccess.Set : 0);

    public static ulong Get(FileDescriptor device, string name, DeviceFeature feature)
    {
        var argument = Argument(feature, Uapi.FeatureGet, stackalloc byte[8]);
        Call(device, name, feature, argument);
        return BinaryPrimitives.ReadUInt64LittleEndian(argument.AsSpan(Header));
    }

    public static void Set(FileDescriptor device, string name, DeviceFeature feature, ReadOnlySpan<byte> value) => Call(device, name, feature, Argument(feature, Uapi.FeatureSet, value));

    static bool Has(FileDescriptor device, string name, DeviceFeature feature, uint operation)
    {
        try
        {
            Ioctl.Bytes(device, Uapi.DeviceFeature, Argument(feature, Uapi.FeatureProbe | operation, []), "VFIO_DEVICE_FEATURE");
            return true;
        }
        catch (LinuxException none) when (none.Errno is Errno.ENOTTY or Errno.EINVAL or Errno.ENOTSUP)
        {
            return false;
        }
        catch (LinuxException failed)
        {
            throw new VfioException($"{name} does not say whether it has the feature {feature}: {failed.Message}", failed);
        }
    }

    static void Call(FileDescriptor device, string name, DeviceFeature feature, byte[] argument)
    {
        try
        {
            Ioctl.Bytes(device, Uapi.DeviceFeature, argument, $"VFIO_DEVICE_FEATURE ({feature})");
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"{name}: {refused.Message}{(refused.Errno == Errno.ENOTTY ? $". The device or its kernel driver has no feature {feature}." : "")}", refused);
        }
    }

    static byte[] Argument(DeviceFeature feature, uint operation, ReadOnlySpan<byte> value)
    {
        var argument = new byte[Header + value.Length];
        BinaryPrimitives.WriteInt32LittleEndian(argument, argument.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(argument.AsSpan(4), operation | (uint)feature);
        value.CopyTo(argument.AsSpan(Header));
        return argument;
    }
}
