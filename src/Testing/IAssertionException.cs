namespace Understudy.Testing;

/// <summary>By an interface of this name, wherever it is, xUnit tells what a test found from what went wrong in it.</summary>
interface IAssertionException;
