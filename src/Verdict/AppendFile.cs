using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;

namespace Understudy.Verdict;

/// <summary>
/// A file that only grows. Every append is handed to the kernel before it returns, so it survives whatever happens to this process.
/// Any thread may append; lines stay whole.
/// </summary>
sealed class AppendFile : IDisposable
{
    readonly Lock _lock = new();
    readonly string _path;
    readonly SafeFileHandle _handle;
    readonly ArrayBufferWriter<byte> _line = new(512);
    readonly Utf8JsonWriter _json;
    long _length;
    bool _full;

    public AppendFile(string path)
    {
        _path = path;
        _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        _json = new Utf8JsonWriter(_line, RunJson.OneLine);
    }

    /// <summary>Bytes written so far.</summary>
    public long Length => _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock) Write(bytes);
    }

    public void AppendLine<T>(T value, JsonTypeInfo<T> type)
    {
        lock (_lock)
        {
            _line.ResetWrittenCount();
            _json.Reset();
            JsonSerializer.Serialize(_json, value, type);
            _json.Flush();
            _line.Write("\n"u8);
            Write(_line.WrittenSpan);
        }
    }

    void Write(ReadOnlySpan<byte> bytes)
    {
        // Once full, stay full: a later line must not be glued to the one that was torn.
        if (_full) throw new RunDirectoryFullException(_path);
        try
        {
            RandomAccess.Write(_handle, bytes, _length);
            _length += bytes.Length;
        }
        catch (IOException error) when (RunDirectoryFullException.Describes(error))
        {
            _full = true;
            throw new RunDirectoryFullException(_path, error);
        }
    }

    public void Dispose()
    {
        _json.Dispose();
        _handle.Dispose();
    }
}
