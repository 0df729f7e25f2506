namespace Understudy.Architecture.Tests;

public class CodeOnlyTests
{
    [Theory]
    [InlineData("a; // Task\nb;", "a; \nb;")]
    [InlineData("a /* Task\n */ b", "a \n b")]
    [InlineData("f(\"Task\", 'x', '\\'')", "f(\"\", , )")]
    [InlineData("f(\"\\\"Task\") + Task", "f(\"\") + Task")]
    [InlineData("f(@\"a\"\"Task\\\") + Task", "f(\"\") + Task")]
    [InlineData("$\"{{Task}} {Now:x} Task\" + Task", " Now:x \"\" + Task")]
    [InlineData("$\"{F(\"Task\", new[] { 1 })}\"", " F(\"\", new[] { 1 }) \"\"")]
    [InlineData("\"\"\"\n \"Task\" \n\"\"\" + Task", "\n\n\"\" + Task")]
    [InlineData("$\"\"\"{Now} Task\"\"\" + Task", " Now \"\" + Task")]
    [InlineData("\"\" + Task", " + Task")]
    public void Comments_and_text_go_and_code_stays(string source, string code) => Assert.Equal(code, CodeOnly.Of(source));
}
