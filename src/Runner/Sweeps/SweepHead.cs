using Understudy.Boards;

namespace Understudy.Runner.Sweeps;

/// <summary>The first line of a sweep's journal: what it is a sweep of. One that goes on must be of the same.</summary>
/// <param name="Schema">1.</param>
/// <param name="Test">The test.</param>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Release">The kernel's release.</param>
/// <param name="Board">The board.</param>
/// <param name="Seed">The seed of every run.</param>
/// <param name="Parameters">The modules with their parameters.</param>
/// <param name="Time">Whose time guests live in.</param>
sealed record SweepHead(int Schema, string Test, string Kernel, string Release, string Board, int Seed, string Parameters, GuestTime Time = GuestTime.Host);
