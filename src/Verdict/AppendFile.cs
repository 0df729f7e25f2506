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
    readonly ArrayBufferWriter<byte> _lines = new(512);
    readonly Utf8JsonWriter _json;
    long _length;
    bool _full;

    public AppendFile(string path)
    {
        _path = path;
        _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        _json = new Utf8JsonWriter(_lines, RunJson.OneLine);
    }

    /// <summary>Bytes written so far.</summary>
    public long Length => _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock) Write(bytes);
    }

    public void AppendLine<T>(T value, JsonTypeInfo<T> type) => AppendLines([value], (json, line) => JsonSerializer.Serialize(json, line, type));

    /// <summary>A line for each, handed over in one piece.</summary>
    public void AppendLines<T>(ReadOnlySpan<T> values, Action<Utf8JsonWriter, T> write)
    {
        lock (_lock)
        {
            _lines.ResetWrittenCount();
            foreach (var value in values)
            {
                _json.Reset();
                write(_json, value);
                _json.Flush();
                _lines.Write("\n"u8);
            }
            Write(_lines.WrittenSpan);
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
