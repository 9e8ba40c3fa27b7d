/** Keeps a pane's bug in its pane. */
import { Component, type ComponentChildren } from 'preact';
import { ErrorState } from '../components/states.tsx';

export class Guard extends Component<{ readonly name: string; readonly children: ComponentChildren }, { error?: Error }> {
  override componentDidCatch(error: Error): void {
    console.error(error);
    this.setState({ error });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <ErrorState title={`The pane ${this.props.name} has failed`} retry={() => this.setState({ error: undefined as never })}>
        <p>This is a bug of imx-sim's view; the run is not affected. Please report it with this text:</p>
        <pre>{error.message}</pre>
      </ErrorState>
    );
  }
}
